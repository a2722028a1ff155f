//! An answer of ours before Lambda's time for the request is over, whatever hangs.

use std::time::Duration;

use lambda_http::http::Request as HttpRequest;
use lambda_http::{Body, Context, Request, RequestExt};
use serde_json::json;
use shared::clock::Clock;
use stripe_emulator::{Fault, sign};
use tests::{TestApp, users};

/// The request with so much of Lambda's time left.
fn with_time(request: HttpRequest<Body>, left: Duration) -> Request {
    let mut context = Context::default();
    context.request_id = "timed".to_owned();
    context.deadline = (Clock::System.now() + left).as_millisecond().unsigned_abs();
    request.with_lambda_context(context)
}

fn entitlements(t: &TestApp) -> HttpRequest<Body> {
    let uri = format!("/api/entitlements?orgId={}", t.org);
    HttpRequest::get(uri).header("x-user-id", users::MEMBER).body(Body::Empty).unwrap()
}

/// Holds the answer to Stripe's next call back for longer than anybody waits.
fn silence_stripe(t: &TestApp) {
    t.stripe.fail(Fault { status: 200, delay_ms: 60_000, ..Fault::default() });
}

#[tokio::test]
async fn a_database_that_hangs_is_told_in_time_and_its_connection_is_not_used_again() {
    let t = TestApp::start_with(&[("DATABASE_POOL_SIZE", "1")]).await;
    let lock = t.database.connect().await;
    lock.batch_execute("begin; lock table own_members in access exclusive mode").await.unwrap();
    let answer = t.call_entitlements(with_time(entitlements(&t), Duration::from_millis(700))).await;
    answer.assert_failure(503, "database_unavailable");
    assert_eq!(answer.header("retry-after"), Some("2"));
    // Another statement is not behind the one that still hangs.
    assert_eq!(t.health().await.status, 200);
    lock.batch_execute("commit").await.unwrap();
    let answer = t.call_entitlements(with_time(entitlements(&t), Duration::from_secs(20))).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn a_stripe_that_hangs_is_told_in_time() {
    let t = TestApp::start().await;
    silence_stripe(&t);
    let request = HttpRequest::post("/api/billing/checkout")
        .header("content-type", "application/json")
        .header("x-user-id", users::OWNER)
        .body(json!({ "orgId": t.org, "planCode": "pro", "interval": "month" }).to_string().into())
        .unwrap();
    let answer = t.call_checkout(with_time(request, Duration::from_millis(900))).await;
    answer.assert_failure(502, "stripe_error");
}

#[tokio::test]
async fn an_event_that_is_out_of_time_is_noted_as_failed_and_succeeds_when_it_comes_again() {
    let t = TestApp::start().await;
    let session = t.checkout_plan("pro", "month").await;
    t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
    // It does not carry the subscription, so Stripe has to be asked.
    let event = t.last_event("invoice.paid");
    silence_stripe(&t);
    let body = event.to_string();
    let request = HttpRequest::post("/api/webhooks/stripe")
        .header("stripe-signature", sign(body.as_bytes(), "whsec_test", t.now()))
        .body(Body::from(body))
        .unwrap();
    let answer = t.call_webhook(with_time(request, Duration::from_millis(2500))).await;
    answer.assert_failure(500, "processing_failed");
    assert_eq!(
        t.value("select status || ' ' || error_code from webhook_events").await,
        "failed stripe_error"
    );
    t.deliver(&event).await.assert_outcome("applied");
    assert_eq!(t.entitlements(users::MEMBER, &t.org).await.text("/planCode"), "pro");
}
