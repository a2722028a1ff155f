//! What a function works with while it answers a request, and the frame around every request: error to answer, one log line.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lambda_http::http::Method;
use lambda_http::{Body, Request, RequestExt, Response, service_fn};

use crate::billing::Resources;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
use crate::deadline;
use crate::error::Error;
use crate::http::error::ApiError;
use crate::http::response;
use crate::live::{Handler, Live};
use crate::recent::Recent;
use crate::stripe::Stripe;
use crate::telemetry::metrics;
use crate::telemetry::request::{self, Current, Part};

/// The parts of a running function. A part that is not configured is refused when it is asked for. It never changes: a configuration
/// that changes makes another one (see [`live`](crate::live)).
#[derive(Debug)]
pub struct App {
    /// The configuration.
    pub config: Config,
    /// The clock.
    pub clock: Clock,
    /// What was read a moment ago.
    pub recent: Recent,
    db: Option<Db>,
    stripe: Option<Stripe>,
}

impl App {
    /// Puts an app together. Nothing is connected yet. A database address that cannot be read joins the configuration's problems.
    pub fn new(config: Config, clock: Clock) -> Self {
        Self::assemble(config, clock, None)
    }

    /// The app of a configuration that came after this one's. What it says the same of goes on: connections stay open.
    pub fn succeeded_by(&self, config: Config) -> Self {
        Self::assemble(config, self.clock.clone(), Some(self))
    }

    fn assemble(mut config: Config, clock: Clock, before: Option<&Self>) -> Self {
        let same_database = before.filter(|before| before.config.database() == config.database());
        let opened = match (same_database.and_then(|before| before.db.clone()), &config.database_url) {
            (Some(db), _) => Ok(Some(db)),
            (None, Some(url)) => {
                Db::new(url, config.database_ca.as_deref(), config.database_pool_size).map(Some)
            }
            (None, None) => Ok(None),
        };
        let db = opened.unwrap_or_else(|problem| {
            config.problems.push(problem.to_string());
            None
        });
        let same_stripe = before.filter(|before| {
            before.config.stripe_key == config.stripe_key
                && before.config.stripe_api_base == config.stripe_api_base
        });
        let stripe = same_stripe.and_then(|before| before.stripe.clone()).or_else(|| {
            config.stripe_key.as_ref().map(|key| Stripe::new(key.clone(), config.stripe_api_base.as_ref()))
        });
        let recent = Recent::keeping(config.entitlements_cache_seconds);
        Self { config, clock, recent, db, stripe }
    }

    /// The database.
    ///
    /// # Errors
    /// If `DATABASE_URL` is missing or malformed.
    pub fn db(&self) -> Result<&Db, Error> {
        self.resources().db()
    }

    /// Stripe's API.
    ///
    /// # Errors
    /// If `STRIPE_SECRET_KEY` is missing or malformed.
    pub fn stripe(&self) -> Result<&Stripe, Error> {
        self.resources().stripe()
    }

    /// What an operation gets of it.
    pub fn resources(&self) -> Resources<'_> {
        Resources {
            db: self.db.as_ref(),
            stripe: self.stripe.as_ref(),
            clock: &self.clock,
            grace_days: self.config.grace_days,
            foreign_subscriptions: self.config.foreign_subscriptions,
        }
    }
}

/// Serves requests until Lambda ends the process: one at a time, or as many at once as `AWS_LAMBDA_MAX_CONCURRENCY` says (AWS, "Lambda
/// Managed Instances").
///
/// # Errors
/// If the Lambda runtime cannot be reached.
pub async fn serve<H>(live: Live, handle: H) -> Result<(), lambda_http::Error>
where
    H: for<'a> Handler<'a> + Copy + Send + Sync + 'static,
{
    // Once for the process: every request may borrow it.
    let live: &'static Live = Box::leak(Box::new(live));
    lambda_http::run_concurrent(service_fn(move |request| async move {
        Ok::<_, std::convert::Infallible>(live.answer(handle, request).await)
    }))
    .await
}

/// Answers one request: calls the handler, turns an error into its answer and logs one line.
pub async fn answer<'a, H, F>(app: &'a App, handle: H, request: Request) -> Response<Body>
where
    H: FnOnce(&'a App, Request) -> F,
    F: Future<Output = Result<Response<Body>, ApiError>>,
{
    framed(Head::of(&request), handle(app, request)).await
}

/// What is kept of Lambda's time for the answer and the log.
const TO_ANSWER: Duration = Duration::from_millis(300);

/// What the log line says of a request.
pub(crate) struct Head {
    current: Arc<Current>,
    method: Method,
    path: String,
}

impl Head {
    pub(crate) fn of(request: &Request) -> Self {
        let current = request.lambda_context_ref().map_or_else(Current::unnamed, Current::of);
        Self { current, method: request.method().clone(), path: request.uri().path().to_owned() }
    }
}

/// The frame around the work for one request.
pub(crate) async fn framed(
    head: Head,
    work: impl Future<Output = Result<Response<Body>, ApiError>>,
) -> Response<Body> {
    let started = Instant::now();
    let Head { current, method, path } = head;
    let work = deadline::hold(TO_ANSWER, Box::pin(work));
    let result = request::during(Arc::clone(&current), work).await;
    let code = result.as_ref().err().map(ApiError::code);
    // An event that could not be processed failed of something: that is what is counted.
    let cause = result.as_ref().err().map(|error| error.failure().map_or(error.code(), Error::code));
    if let Err(error) = &result {
        error.log(&current.request_id);
    }
    let mut response = result.unwrap_or_else(|error| error.into_response(&current.request_id));
    response::harden(&mut response);
    let (status, milliseconds) = (response.status().as_u16(), started.elapsed().as_secs_f64() * 1000.0);
    tracing::info!(
        target: "billing",
        request_id = current.request_id, trace_id = current.trace_id, %method, path, code, status, milliseconds,
        verify_ms = current.milliseconds(Part::Verify),
        database_ms = current.milliseconds(Part::Database),
        stripe_ms = current.milliseconds(Part::Stripe),
        "answered"
    );
    metrics::answered(&current, status, cause, milliseconds);
    metrics::flush();
    response
}
