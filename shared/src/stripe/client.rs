//! The transport: one kept-alive client, our idempotency key on every attempt, retries, a deadline.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use jiff::Timestamp;
use lambda_http::http::response::Parts;
use lambda_http::http::{self, Method, Request, StatusCode, header};
use serde::de::DeserializeOwned;
use stripe_client_core::{RequestBuilder, StripeMethod, StripeRequest, VERSION};
use url::Url;

use crate::config::{Secret, StripeKey};
use crate::header_time;
use crate::stripe::patience::{Breaker, Patience};
use crate::stripe::reply::Reply;
use crate::stripe::{Error, IdempotencyKey, reading, retry};
use crate::telemetry::request::{Part, Timer};

const API: &str = "https://api.stripe.com";
/// What to tell a caller when Stripe throttles and does not say for how long.
const THROTTLED_SECONDS: u64 = 2;

/// Stripe's API with one account's key.
#[derive(Clone, Debug)]
pub struct Stripe {
    http: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    key: Secret,
    base: String,
    livemode: bool,
    patience: Patience,
    /// None: it is asked whatever happened before.
    breaker: Option<Arc<Breaker>>,
}

impl Stripe {
    /// A client for the account of this key. `base` replaces Stripe's own address.
    pub fn new(key: StripeKey, base: Option<&Url>) -> Self {
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(Duration::from_secs(4)));
        connector.set_keepalive(Some(Duration::from_secs(30)));
        let connector = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        let http = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(50))
            .build(connector);
        let base = base.map_or(API, Url::as_str).trim_end_matches('/').to_owned();
        Self { http, key: key.secret, base, livemode: key.livemode, patience: Patience::LONG, breaker: None }
    }

    /// The same for whoever can come again: one short attempt, and for a while none after failures. Both
    /// share their connections.
    pub fn hurried(&self) -> Self {
        Self { patience: Patience::SHORT, breaker: Some(Arc::default()), ..self.clone() }
    }

    /// Whether the key is one of live mode.
    pub fn livemode(&self) -> bool {
        self.livemode
    }

    /// Creates or changes an object. The key goes with every attempt, so that a lost answer never becomes a
    /// second object.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn post<T: DeserializeOwned>(
        &self,
        request: &impl StripeRequest,
        key: &IdempotencyKey,
    ) -> Result<T, Error> {
        self.call(request.build(), Some(key)).await
    }

    /// What Stripe's clock says, in whole seconds: the `Date` of an answer to a call that needs the key.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn server_time(&self) -> Result<Timestamp, Error> {
        let request =
            RequestBuilder::new(StripeMethod::Get, "/events").query(&BTreeMap::from([("limit", 1)]));
        self.attempts(&request, None).await?.date()
    }

    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        key: Option<&IdempotencyKey>,
    ) -> Result<T, Error> {
        let _timer = Timer::start(Part::Stripe);
        reading::read(&self.attempts(&request, key).await?.body)
    }

    pub(super) async fn attempts(
        &self,
        request: &RequestBuilder,
        key: Option<&IdempotencyKey>,
    ) -> Result<Reply, Error> {
        let breaker = self.breaker.as_deref();
        if breaker.is_some_and(Breaker::is_open) {
            return Err(Error::not_asked());
        }
        let started = Instant::now();
        let mut attempt = 1;
        loop {
            let asked_at = Instant::now();
            let attempted = self.attempt(request, key).await;
            if let Some(breaker) = breaker {
                breaker.note(matches!(attempted, Err((_, Some(_)))));
            }
            let (error, asked) = match attempted {
                Ok((head, body)) => {
                    let milliseconds = started.elapsed().as_millis() as u64;
                    tracing::debug!(target: "stripe", path = request.path, attempt, milliseconds, "answered");
                    return Ok(Reply { head, body, took: asked_at.elapsed() });
                }
                Err(failure) => failure,
            };
            let left = self.patience.call.saturating_sub(started.elapsed());
            let wait = if attempt < self.patience.attempts {
                asked.and_then(|asked| retry::delay(attempt, asked.after, left))
            } else {
                None
            };
            tracing::warn!(
                target: "stripe", path = request.path, attempt, %error, again = wait.is_some(),
                "failed"
            );
            let Some(wait) = wait else { return Err(error) };
            tokio::time::sleep(wait).await;
            attempt += 1;
        }
    }

    /// One attempt. A failure that may pass says so.
    async fn attempt(
        &self,
        request: &RequestBuilder,
        key: Option<&IdempotencyKey>,
    ) -> Result<(Parts, Bytes), (Error, Option<Again>)> {
        let unreachable = |cause: String| (Error::Unreachable(cause), Some(Again { after: None }));
        let request =
            self.http_request(request, key).map_err(|error| (Error::Unreachable(error.to_string()), None))?;
        let exchange = async {
            let response = self.http.request(request).await.map_err(|error| unreachable(causes(&error)))?;
            let (head, body) = response.into_parts();
            let body = body.collect().await.map_err(|error| unreachable(error.to_string()))?.to_bytes();
            Ok((head, body))
        };
        let (head, body) = tokio::time::timeout(self.patience.attempt, exchange)
            .await
            .map_err(|_| unreachable("no answer in time".to_owned()))??;
        if head.status.is_success() {
            return Ok((head, body));
        }
        let asked = header_time::retry_after(&head.headers);
        let again =
            retry::is_retryable(head.status.as_u16(), &head.headers).then_some(Again { after: asked });
        let error = if head.status == StatusCode::TOO_MANY_REQUESTS {
            Error::Throttled { retry_after: asked.map_or(THROTTLED_SECONDS, |asked| asked.as_secs().max(1)) }
        } else {
            let request_id =
                head.headers.get("request-id").and_then(|id| id.to_str().ok()).unwrap_or("none").to_owned();
            Error::refusal(head.status.as_u16(), &body, request_id)
        };
        Err((error, again))
    }

    fn http_request(
        &self,
        request: &RequestBuilder,
        key: Option<&IdempotencyKey>,
    ) -> http::Result<Request<Full<Bytes>>> {
        let method = match request.method {
            StripeMethod::Get => Method::GET,
            StripeMethod::Post => Method::POST,
            StripeMethod::Delete => Method::DELETE,
        };
        let query = request
            .query
            .as_deref()
            .filter(|query| !query.is_empty())
            .map(|query| format!("?{query}"))
            .unwrap_or_default();
        // A builder's path begins below API v1.
        let is_v2 = request.path.starts_with("/v2/");
        let (version, content_type) = match is_v2 {
            true => ("", "application/json"),
            false => ("/v1", "application/x-www-form-urlencoded"),
        };
        let mut builder = Request::builder()
            .method(method)
            .uri(format!("{}{version}{}{query}", self.base, request.path))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.key.expose()))
            .header("stripe-version", VERSION.as_str())
            .header(header::USER_AGENT, concat!("promptforge-billing/", env!("CARGO_PKG_VERSION")));
        if let Some(key) = key {
            builder = builder.header("idempotency-key", key.as_str());
        }
        if request.body.is_some() {
            builder = builder.header(header::CONTENT_TYPE, content_type);
        }
        builder.body(Full::from(request.body.clone().unwrap_or_default()))
    }
}

/// A failure that may pass, and how long the server asks to wait.
struct Again {
    after: Option<Duration>,
}

/// An error with what caused it: the outermost alone says no more than that there was one.
fn causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
