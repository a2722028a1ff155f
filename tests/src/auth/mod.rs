//! A Supabase Auth whose keys the tests hold, and everything that can be forged with them.

mod keys;
mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use authorizer::{Authorizer, Request, handle};
use serde_json::{Value, json};
use shared::app::App;
use shared::clock::Clock;
use shared::config::Config;

pub use keys::{EcKey, RsaKey, jwt};
pub use server::{Behaviour, JwksServer};

use crate::users;

/// The project's old secret.
pub const JWT_SECRET: &str = "a-secret-of-the-tests-of-enough-characters";
/// When the tests' clock begins, Unix seconds.
pub const BEGIN: i64 = 1_800_000_000;

/// An authorizer with a clock that stands, and the project that it trusts.
#[derive(Debug)]
pub struct TestAuth {
    /// What is tested.
    pub authorizer: Authorizer,
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
        let authorizer = Authorizer::new(App::new(config, Clock::Fixed(clock.clone())));
        Self { authorizer, server, ec, rsa, clock }
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

    /// The answer to an `Authorization` header.
    pub async fn answer(&self, authorization: Option<&str>) -> Value {
        let headers: Value = authorization.map_or(json!({}), |value| json!({ "authorization": value }));
        let event = json!({
            "version": "2.0", "type": "REQUEST",
            "routeArn": "arn:aws:execute-api:x:1:a/$default/GET/api/entitlements",
            "identitySource": null, "headers": headers, "requestContext": { "requestId": "test" }
        });
        let request: Request = serde_json::from_value(event).expect("an authorizer's event");
        serde_json::to_value(handle(&self.authorizer, request).await).expect("JSON")
    }

    /// Whom the authorizer vouches for.
    pub async fn vouches_for(&self, token: &str) -> Option<String> {
        let answer = self.answer(Some(&format!("Bearer {token}"))).await;
        assert_eq!(answer["isAuthorized"], true, "the functions answer, never API Gateway");
        answer["context"]["userId"].as_str().map(str::to_owned)
    }

    /// Asserts that nobody is vouched for, and that the answer tells nothing.
    pub async fn assert_refused(&self, token: &str, what: &str) {
        let answer = self.answer(Some(&format!("Bearer {token}"))).await;
        assert_eq!(answer, json!({ "isAuthorized": true, "context": {} }), "{what}");
    }
}
