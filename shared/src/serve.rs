//! What stands around a request: the app that it is answered with, once more with a newer one if that may
//! help, error to answer, one log line.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lambda_http::http::Method;
use lambda_http::{
    Adapter, Body, LambdaEvent, Request, RequestExt, Response, Service, lambda_runtime, service_fn,
};

use crate::app::App;
use crate::deadline;
use crate::error::Error;
use crate::http::envelope::Envelope;
use crate::http::error::ApiError;
use crate::http::response;
use crate::live::Live;
use crate::telemetry::metrics;
use crate::telemetry::request::{self, Current, Part};

/// A function's `handle`. (That its future may move between threads cannot be said of a plain `AsyncFn`.)
pub trait Handler<'a>: Fn(&'a App, Request) -> Self::Answering {
    /// What it returns.
    type Answering: Future<Output = Result<Response<Body>, ApiError>> + Send + 'a;
}

impl<'a, H, F> Handler<'a> for H
where
    H: Fn(&'a App, Request) -> F,
    F: Future<Output = Result<Response<Body>, ApiError>> + Send + 'a,
{
    type Answering = F;
}

/// Put into a response's extensions by a handler that answers although something is amiss: a newer
/// configuration may help.
#[derive(Clone, Copy, Debug)]
pub struct Outdated;

/// Serves requests until Lambda ends the process: one at a time, or as many at once as
/// `AWS_LAMBDA_MAX_CONCURRENCY` says (AWS, "Lambda Managed Instances").
///
/// # Errors
/// If the Lambda runtime cannot be reached.
pub async fn serve<H>(live: Live, handle: H) -> Result<(), lambda_http::Error>
where
    H: for<'a> Handler<'a> + Copy + Send + Sync + 'static,
{
    // Once for the process: every request may borrow it.
    let live: &'static Live = Box::leak(Box::new(live));
    let functions = Adapter::from(service_fn(move |request| async move {
        Ok::<_, std::convert::Infallible>(answer_live(live, handle, request).await)
    }));
    // As `lambda_http::run_concurrent`, but for what comes before: the envelope is ours.
    lambda_runtime::run_concurrent(service_fn(move |event: LambdaEvent<Envelope>| {
        let LambdaEvent { payload, context, .. } = event;
        functions.clone().call(LambdaEvent::new(payload.into(), context))
    }))
    .await
}

/// Answers one request with the app as it is; with a newer configuration once more, if the first answer calls
/// for it.
pub async fn answer_live<H>(live: &Live, handle: H, request: Request) -> Response<Body>
where
    H: for<'a> Handler<'a>,
{
    let head = Head::of(&request);
    let handle = &handle;
    let work = async {
        let answers = attempt(
            live,
            request,
            |app, request| async move { handle(&app, request).await },
            |result| match result {
                Ok(response) => response.extensions().get::<Outdated>().is_some(),
                Err(error) => error.may_be_outdated(),
            },
        );
        answers.await?
    };
    framed(head, work).await
}

/// Answers one request with an app that never changes: calls the handler, turns an error into its answer and
/// logs one line.
pub async fn answer<'a, H, F>(app: &'a App, handle: H, request: Request) -> Response<Body>
where
    H: FnOnce(&'a App, Request) -> F,
    F: Future<Output = Result<Response<Body>, ApiError>>,
{
    framed(Head::of(&request), handle(app, request)).await
}

/// Does work with the app as it is; once more with a newer configuration, if there is one and the old one may
/// be why the work came to what it did.
///
/// # Errors
/// [`Error::NoConfiguration`] until anything is known of the configuration.
pub async fn attempt<I, T, F>(
    live: &Live,
    input: I,
    work: impl Fn(Arc<App>, I) -> F,
    is_outdated: impl FnOnce(&T) -> bool,
) -> Result<T, Error>
where
    I: Clone,
    F: Future<Output = T>,
{
    let app = live.app().await?;
    // Only what may have to be done again is worth a copy.
    let again = live.may_change().then(|| input.clone());
    let done = work(Arc::clone(&app), input).await;
    let Some(input) = again.filter(|_| is_outdated(&done)) else { return Ok(done) };
    match live.newer_than(&app).await {
        Some(newer) => Ok(work(newer, input).await),
        None => Ok(done),
    }
}

/// What is kept of Lambda's time for the answer and the log.
const TO_ANSWER: Duration = Duration::from_millis(300);

/// How much of that may go to what was left over, such as telling the database that nobody waits any more.
const TO_FINISH: Duration = Duration::from_millis(150);

/// What the log line says of a request.
struct Head {
    current: Arc<Current>,
    method: Method,
    path: String,
}

impl Head {
    fn of(request: &Request) -> Self {
        let current = request.lambda_context_ref().map_or_else(Current::unnamed, Current::of);
        Self { current, method: request.method().clone(), path: request.uri().path().to_owned() }
    }
}

/// The frame around the work for one request.
async fn framed(head: Head, work: impl Future<Output = Result<Response<Body>, ApiError>>) -> Response<Body> {
    let started = Instant::now();
    let Head { current, method, path } = head;
    let work = deadline::hold(TO_ANSWER, Box::pin(work));
    let result = request::during(Arc::clone(&current), work).await;
    current.finish(TO_FINISH).await;
    let code = result.as_ref().err().map(ApiError::code);
    // An event that could not be processed failed of something: that is what is counted.
    let cause = result.as_ref().err().map(|error| error.failure().map_or(error.code(), Error::code));
    if let Err(error) = &result {
        error.log(&current.request_id);
        if error.is_refused_token() {
            metrics::refused_token();
        }
    }
    let mut response = result.unwrap_or_else(|error| error.into_response(&current.request_id));
    response::harden(&mut response);
    let (status, milliseconds) = (response.status().as_u16(), started.elapsed().as_secs_f64() * 1000.0);
    tracing::info!(
        target: "billing",
        request_id = current.request_id, trace_id = current.trace_id, %method, path, code, status,
        milliseconds,
        verify_ms = current.milliseconds(Part::Verify),
        database_ms = current.milliseconds(Part::Database),
        stripe_ms = current.milliseconds(Part::Stripe),
        "answered"
    );
    metrics::answered(&current, status, cause, milliseconds);
    metrics::flush();
    response
}
