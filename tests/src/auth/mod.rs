//! A Supabase Auth whose keys the tests hold, and everything that can be forged with them.

mod keys;
mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use lambda_http::{Body, Context, Request, RequestExt, Response};
use serde_json::{Value, json};
use shared::app::App;
use shared::clock::Clock;
use shared::config::{Config, Front, Function};
use shared::http::error::ApiError;
use shared::http::{identity, response};
use shared::live::Live;
use shared::serve::answer_live;

pub use keys::{EcKey, RsaKey, hs256, jwt};
pub use server::{Behaviour, JwksServer};

use crate::{Answer, event, users};

/// The project's old secret.
pub const JWT_SECRET: &str = "a-secret-of-the-tests-of-enough-characters";
/// When the tests' clock begins, Unix seconds.
pub const BEGIN: i64 = 1_800_000_000;

/// The functions that people call, without a database, with a clock that stands, and the project whose access
/// tokens they take.
#[derive(Debug)]
pub struct TestAuth {
    /// Their configuration.
    pub live: Live,
    /// The project.
    pub server: JwksServer,
    /// Its ES256 key.
    pub ec: EcKey,
    /// Its RS256 key.
    pub rsa: RsaKey,
    clock: Arc<AtomicI64>,
}

impl TestAuth {
    /// A project with all three kinds of keys.
    pub async fn start() -> Self {
        Self::start_with(&[("SUPABASE_JWT_SECRET", JWT_SECRET)]).await
    }

    /// With these variables beside `SUPABASE_URL`; they may replace it.
    pub async fn start_with(variables: &[(&str, &str)]) -> Self {
        let (ec, rsa) = (EcKey::new("ec-1"), RsaKey::new("rsa-1"));
        let server = JwksServer::start(json!([ec.jwk(), rsa.jwk()])).await;
        let clock = Arc::new(AtomicI64::new(BEGIN * 1000));
        let config = Config::from_lookup(|name| {
            let own = variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
            own.or_else(|| (name == "SUPABASE_URL").then(|| server.url.clone()))
        });
        let live = Live::fixed(App::new(config, Clock::Fixed(Arc::clone(&clock))));
        Self { live, server, ec, rsa, clock }
    }

    /// Moves the clock on.
    pub fn advance(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// The claims of the owner, as Supabase Auth makes them, valid for an hour.
    pub fn claims(&self) -> Value {
        let now = self.clock.load(Ordering::SeqCst) / 1000;
        json!({
            "iss": format!("{}/auth/v1", self.server.url), "aud": "authenticated", "role": "authenticated",
            "sub": users::OWNER, "email": "owner@example.com", "phone": "", "is_anonymous": false,
            "iat": now, "exp": now + 3600, "aal": "aal1", "amr": [{ "method": "password", "timestamp": now }],
            "app_metadata": { "provider": "email" }, "user_metadata": {}, "session_id": users::ADMIN
        })
    }

    /// The claims with some otherwise; null removes one.
    pub fn claims_with(&self, changes: Value) -> Value {
        let mut claims = self.claims();
        let all = claims.as_object_mut().expect("an object");
        for (name, value) in changes.as_object().expect("an object") {
            match value {
                Value::Null => all.remove(name),
                value => all.insert(name.clone(), value.clone()),
            };
        }
        claims
    }

    /// A token that the project's ES256 key signed.
    pub fn token(&self, claims: &Value) -> String {
        self.ec.sign(&self.ec.header(), claims)
    }

    /// What a function answers to a request with this `Authorization` header.
    pub async fn ask(&self, function: &str, authorization: Option<&str>) -> Answer {
        let headers: Vec<_> = authorization.map(|value| ("authorization", value)).into_iter().collect();
        let body = json!({ "orgId": users::ADMIN, "planCode": "pro", "interval": "month" });
        let request = |method, path| {
            let body = (method == "POST").then_some(&body);
            named(event(method, path, &headers, body, &Value::Null))
        };
        let post = || request("POST", "/api/billing");
        let answer = match function {
            "checkout" => answer_live(&self.live, checkout::handle, post()).await,
            "portal" => answer_live(&self.live, portal::handle, post()).await,
            "sync" => answer_live(&self.live, sync::handle, post()).await,
            "ofrep" => answer_live(&self.live, ofrep::handle, post()).await,
            "entitlements" => {
                answer_live(&self.live, entitlements::handle, request("GET", "/api/entitlements")).await
            }
            "plans" => {
                let path = format!("/api/billing/plans?orgId={}", users::ADMIN);
                answer_live(&self.live, plans::handle, request("GET", &path)).await
            }
            other => panic!("people do not call {other}"),
        };
        Answer::of(function, answer)
    }

    /// The caller of a request, as a function sees it: `userId` and `email`. None: it answers 401; or 503,
    /// where nobody can know.
    pub async fn caller(&self, request: Request) -> Option<Value> {
        let answer = answer_live(&self.live, tell_caller, named(request)).await;
        let Body::Text(body) = answer.body() else { panic!("{answer:?}") };
        let body: Value = serde_json::from_str(body).expect("JSON");
        match answer.status().as_u16() {
            200 => Some(body),
            503 => {
                assert_eq!(body["code"], "identity_unavailable", "{answer:?}");
                None
            }
            _ => {
                assert_eq!(body, refused(), "{answer:?}");
                None
            }
        }
    }

    /// The caller of a request with this `Authorization` header.
    pub async fn bearer(&self, authorization: &str) -> Option<Value> {
        let headers = [("authorization", authorization)];
        self.caller(event("GET", "/api/entitlements", &headers, None, &Value::Null)).await
    }

    /// Whom a token speaks for.
    pub async fn speaks_for(&self, token: &str) -> Option<String> {
        let caller = self.bearer(&format!("Bearer {token}")).await?;
        caller["userId"].as_str().map(str::to_owned)
    }

    /// Asserts that every function that people call refuses a token with a 401 of ours, which tells nothing.
    pub async fn assert_refused(&self, token: &str, what: &str) {
        for function in peoples() {
            let answer = self.ask(function, Some(&format!("Bearer {token}"))).await;
            assert_eq!((answer.status, &answer.body), (401, &refused()), "{function}: {what}");
        }
    }
}

/// The functions that people call.
pub fn peoples() -> impl Iterator<Item = &'static str> {
    let signed_in = |function: &Function| matches!(function.front(), Front::SignedIn(..));
    Function::ALL.into_iter().filter(signed_in).map(Function::name)
}

/// The body of the one answer to whoever does not prove who they are.
fn refused() -> Value {
    json!({
        "success": false, "error": "Authentication is required", "code": "unauthenticated",
        "requestId": "test"
    })
}

/// The request with the id that Lambda gives it.
fn named(request: Request) -> Request {
    let mut context = Context::default();
    context.request_id = "test".to_owned();
    request.with_lambda_context(context)
}

/// A handler that only asks who calls, as each begins.
async fn tell_caller(app: &App, request: Request) -> Result<Response<Body>, ApiError> {
    let caller = identity::require(app, &request).await?;
    Ok(response::ok(&json!({ "userId": caller.user, "email": caller.email })))
}
