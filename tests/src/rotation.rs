//! A secret that is changed while functions work with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use futures_util::future::join_all;
use lambda_http::Body;
use lambda_http::http::Request;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::config::Function;
use shared::live::Live;
use shared::serve::answer_live;
use stripe_emulator::sign;

use crate::{Answer, TestApp, Vault, users};

/// An app, its variables in a secret, and a clock.
#[derive(Debug)]
pub struct Rotation {
    /// The app, whose own configuration does not change.
    pub t: TestApp,
    /// Where the secret is.
    pub vault: Vault,
    /// What the functions take for the time, Unix milliseconds.
    pub clock: Arc<AtomicI64>,
}

impl Rotation {
    /// With everything that a function needs in the secret.
    pub async fn start() -> Self {
        let t = TestApp::start().await;
        let clock = Arc::new(AtomicI64::new(t.app.clock.now().as_millisecond()));
        let vault = Vault::open(&json!({
            "STRIPE_SECRET_KEY": t.stripe.secret_key(), "STRIPE_API_BASE": t.stripe.url(),
            "STRIPE_WEBHOOK_SECRET": "whsec_1",
            "READER_DATABASE_URL": t.database.url("billing_reader"),
            "EVENTS_DATABASE_URL": t.database.url("billing_events"),
            "OPERATOR_DATABASE_URL": t.database.url("billing_operator"), "DATABASE_POOL_SIZE": 4,
            "BASE_URL": "https://app.example.com", "IDENTITY_SOURCE": "trusted_headers",
        }))
        .await;
        Self { t, vault, clock }
    }

    /// A function whose environment only names the secret.
    pub async fn live(&self, function: Function) -> Live {
        self.live_with(function, &[]).await
    }

    /// A function that has these variables besides.
    pub async fn live_with(&self, function: Function, environment: &[(&str, &str)]) -> Live {
        self.vault.live(function, environment, Clock::Fixed(Arc::clone(&self.clock))).await
    }

    /// Lets a minute and a second pass.
    pub fn a_minute_later(&self) {
        self.clock.fetch_add(61_000, Ordering::SeqCst);
    }

    /// Events of a subscription that are all different.
    pub async fn events(&self, count: usize, name: &str) -> Vec<Value> {
        let session = self.t.checkout_plan("pro", "month").await;
        if session.status == 200 {
            self.t.stripe.pay_checkout_session(session.text("/sessionId")).expect("pay");
        }
        let event = self.t.last_event("customer.subscription.created");
        let numbered = |number| {
            let mut event = event.clone();
            event["id"] = json!(format!("evt_{name}{number}"));
            // Each a second after the other, so that none has to ask Stripe.
            event["created"] = json!(event["created"].as_u64().unwrap() + number);
            event
        };
        (0..count as u64).map(numbered).collect()
    }

    /// Delivers an event that is signed with this secret.
    pub async fn deliver(&self, live: &Live, event: &Value, secret: &str) -> Answer {
        let body = event.to_string();
        let signature = sign(body.as_bytes(), secret, self.clock.load(Ordering::SeqCst) / 1000);
        let request = Request::builder()
            .method("POST")
            .uri("/api/webhooks/stripe")
            .header("stripe-signature", signature)
            .body(Body::from(body))
            .unwrap();
        Answer::of("webhook", answer_live(live, webhook::handle, request).await)
    }

    /// Delivers all at once; none may be refused.
    pub async fn deliver_well(&self, live: &Live, events: &[Value], secret: &str) {
        for answer in join_all(events.iter().map(|event| self.deliver(live, event, secret))).await {
            assert_eq!(answer.status, 200, "{}", answer.body);
        }
        for event in events {
            let id = event["id"].as_str().unwrap();
            let sql = format!(
                "select count(*) from webhook_events where event_id = '{id}' and status = 'processed'"
            );
            assert_eq!(self.t.value(&sql).await, "1", "{id} is lost");
        }
    }

    /// Reads as a member.
    pub async fn entitlements(&self, live: &Live) -> Answer {
        let request = Request::builder()
            .uri(format!("/api/entitlements?orgId={}", self.t.org))
            .header("x-user-id", users::MEMBER)
            .body(Body::Empty)
            .unwrap();
        Answer::of("entitlements", answer_live(live, entitlements::handle, request).await)
    }
}
