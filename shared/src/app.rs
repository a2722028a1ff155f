//! What a function holds while it runs, and the frame around every request: error to answer, one log line.

use std::sync::Arc;
use std::time::Instant;

use lambda_http::{Body, Request, RequestExt, Response, service_fn};

use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
use crate::http::error::ApiError;
use crate::http::response;
use crate::stripe::Stripe;
use crate::telemetry::request::{self, Current, Part};
use crate::telemetry::{self, metrics};

/// The parts of a running function. A part that is not configured is refused when it is asked for.
#[derive(Debug)]
pub struct App {
    /// The configuration.
    pub config: Config,
    /// The clock.
    pub clock: Clock,
    db: Option<Db>,
    stripe: Option<Stripe>,
}

impl App {
    /// Reads the environment and starts the logs and metrics of a function. Nothing is connected yet.
    pub fn from_env(function: &'static str) -> Self {
        let app = Self::new(Config::from_env(), Clock::System);
        telemetry::start(app.config.log_levels.as_deref());
        metrics::start(app.config.metrics_namespace.as_deref(), function);
        for problem in &app.config.problems {
            tracing::error!(target: "billing", problem, "the configuration is malformed");
        }
        app
    }

    /// Puts an app together. A database address that cannot be read joins the configuration's problems.
    pub fn new(mut config: Config, clock: Clock) -> Self {
        let db = match config
            .database_url
            .as_ref()
            .map(|url| Db::new(url, config.database_ca.as_deref(), config.database_pool_size))
        {
            Some(Ok(db)) => Some(db),
            Some(Err(problem)) => {
                config.problems.push(problem.to_string());
                None
            }
            None => None,
        };
        let stripe =
            config.stripe_key.as_ref().map(|key| Stripe::new(key.clone(), config.stripe_api_base.as_ref()));
        Self { config, clock, db, stripe }
    }

    /// The database.
    ///
    /// # Errors
    /// If `DATABASE_URL` is missing or malformed.
    pub fn db(&self) -> Result<&Db, ApiError> {
        self.db.as_ref().ok_or(ApiError::Misconfigured("DATABASE_URL"))
    }

    /// Stripe's API.
    ///
    /// # Errors
    /// If `STRIPE_SECRET_KEY` is missing or malformed.
    pub fn stripe(&self) -> Result<&Stripe, ApiError> {
        self.stripe.as_ref().ok_or(ApiError::Misconfigured("STRIPE_SECRET_KEY"))
    }
}

/// Serves requests until Lambda ends the process.
///
/// # Errors
/// If the Lambda runtime cannot be reached.
pub async fn serve<H, F>(app: App, handle: H) -> Result<(), lambda_http::Error>
where
    H: Fn(&'static App, Request) -> F + Send + Sync,
    F: Future<Output = Result<Response<Body>, ApiError>> + Send,
{
    // Once for the process: every request may borrow it.
    let app: &'static App = Box::leak(Box::new(app));
    let handle = &handle;
    lambda_http::run(service_fn(async |request| {
        Ok::<_, std::convert::Infallible>(answer(app, handle, request).await)
    }))
    .await
}

/// Answers one request: calls the handler, turns an error into its answer and logs one line.
pub async fn answer<'a, H, F>(app: &'a App, handle: H, request: Request) -> Response<Body>
where
    H: FnOnce(&'a App, Request) -> F,
    F: Future<Output = Result<Response<Body>, ApiError>>,
{
    let started = Instant::now();
    let current = current(&request);
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let result = request::during(Arc::clone(&current), handle(app, request)).await;
    let code = result.as_ref().err().map(ApiError::code);
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
    metrics::answered(&current, status, code, milliseconds);
    metrics::flush();
    response
}

fn current(request: &Request) -> Arc<Current> {
    match request.lambda_context_ref() {
        Some(context) => Current::new(context.request_id.clone(), context.xray_trace_id.clone()),
        None => Current::new("none".to_owned(), None),
    }
}
