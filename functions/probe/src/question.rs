//! The questions, and what a good answer is.

use std::time::Duration;

use bytes::Bytes;
use lambda_http::http::request::Builder;
use lambda_http::http::{Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};
use shared::app::App;
use shared::config::Canary;
use shared::exchange::{self, Exchange};
use shared::stripe::event::PROBE;
use shared::stripe::signature;

/// A cold function on a bad day takes less.
const PATIENCE: Duration = Duration::from_secs(12);
/// All answers are small.
const LARGEST: usize = 256 * 1024;

/// What is wrong with an answer.
#[derive(Debug, thiserror::Error)]
pub enum Wrong {
    /// The question cannot be asked.
    #[error("{0} is not configured")]
    Unconfigured(&'static str),
    /// No request can be made.
    #[error("no request can be made: {0}")]
    Request(#[from] lambda_http::http::Error),
    /// There is no answer.
    #[error(transparent)]
    Exchange(#[from] exchange::Error),
    /// The answer is another than it should be.
    #[error("the answer is {status} {word}, and not {expected}")]
    Answer {
        /// The HTTP status.
        status: StatusCode,
        /// The code of a failure, or the outcome of an event. Empty: there is none.
        word: String,
        /// What it should be.
        expected: &'static str,
    },
    /// Supabase does not sign the canary in.
    #[error("the canary cannot sign in: Supabase answers {0}")]
    SignIn(StatusCode),
}

/// What asks.
pub struct Questions<'a> {
    app: &'a App,
    http: Exchange,
}

impl<'a> Questions<'a> {
    /// With an app's configuration.
    pub fn of(app: &'a App) -> Self {
        Self { app, http: Exchange::new(PATIENCE, LARGEST) }
    }

    /// Whether all is well: database, schema, configuration.
    pub async fn health(&self) -> Result<(), Wrong> {
        let answer = self.ask(Request::get(self.of_api("/api/health")?), Bytes::new()).await?;
        expect(&answer, StatusCode::OK, "/success", &Value::Bool(true), "200")
    }

    /// Whether a member reads what their organization has: or, without a canary, whether a stranger is
    /// refused in our own words.
    pub async fn entitlements(&self) -> Result<(), Wrong> {
        let Some(canary) = &self.app.config.probe.canary else {
            let answer = self.ask(Request::get(self.of_api("/api/entitlements")?), Bytes::new()).await?;
            let refused = json!("unauthenticated");
            return expect(&answer, StatusCode::UNAUTHORIZED, "/code", &refused, "401 unauthenticated");
        };
        let url = self.of_api(&format!("/api/entitlements?orgId={}", canary.org))?;
        let token = self.sign_in(canary).await?;
        let request = Request::get(url).header(header::AUTHORIZATION, format!("Bearer {token}"));
        let answer = self.ask(request, Bytes::new()).await?;
        expect(&answer, StatusCode::OK, "/orgId", &json!(canary.org), "200 of the canary")
    }

    /// Whether the webhook takes what is signed, and reaches its database.
    pub async fn webhook(&self) -> Result<(), Wrong> {
        let config = &self.app.config;
        let url = config.probe.webhook.as_ref().ok_or(Wrong::Unconfigured("PROBE_WEBHOOK_URL"))?;
        let secret = config.webhook_secrets.first().ok_or(Wrong::Unconfigured("STRIPE_WEBHOOK_SECRET"))?;
        let now = self.app.clock.machine();
        let event = json!({
            "id": "evt_probe", "object": "event", "type": PROBE, "created": now.as_second(),
            "livemode": false, "data": { "object": {} }
        });
        let body = Bytes::from(event.to_string());
        let request = Request::builder()
            .method(Method::POST)
            .uri(url.as_str())
            .header("stripe-signature", signature::sign(&body, secret, now))
            .header(header::CONTENT_TYPE, "application/json");
        let answer = self.ask(request, body).await?;
        expect(&answer, StatusCode::OK, "/outcome", &json!("ignored"), "200 ignored")
    }

    /// An access token of the canary's.
    async fn sign_in(&self, canary: &Canary) -> Result<String, Wrong> {
        let project = self.app.config.supabase_url.as_ref().ok_or(Wrong::Unconfigured("SUPABASE_URL"))?;
        let credentials = json!({ "email": canary.email, "password": canary.password.expose() });
        let request = Request::post(format!("{project}/auth/v1/token?grant_type=password"))
            .header("apikey", &canary.key)
            .header(header::CONTENT_TYPE, "application/json");
        let answer = self.ask(request, Bytes::from(credentials.to_string())).await?;
        let token = at(&answer, "/access_token").and_then(|token| token.as_str().map(str::to_owned));
        token.ok_or(Wrong::SignIn(answer.status()))
    }

    fn of_api(&self, path: &str) -> Result<String, Wrong> {
        let api = self.app.config.probe.api.as_ref().ok_or(Wrong::Unconfigured("PROBE_API_URL"))?;
        Ok(format!("{}{path}", api.as_str().trim_end_matches('/')))
    }

    async fn ask(&self, request: Builder, body: Bytes) -> Result<Response<Bytes>, Wrong> {
        Ok(self.http.send(request.body(body)?).await?)
    }
}

fn at(answer: &Response<Bytes>, pointer: &str) -> Option<Value> {
    serde_json::from_slice::<Value>(answer.body()).ok()?.pointer(pointer).cloned()
}

/// Tells a good answer by its status and one value. Nothing else of the body goes into the log.
fn expect(
    answer: &Response<Bytes>,
    status: StatusCode,
    pointer: &str,
    value: &Value,
    expected: &'static str,
) -> Result<(), Wrong> {
    if answer.status() == status && at(answer, pointer).as_ref() == Some(value) {
        return Ok(());
    }
    let word = at(answer, "/code").or_else(|| at(answer, "/outcome"));
    let word = word.and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default();
    Err(Wrong::Answer { status: answer.status(), word: word.chars().take(64).collect(), expected })
}
