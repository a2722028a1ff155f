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
    // The server does not finish for nobody, though the table is still locked.
    assert_eq!(under_way(&t, "billing_reader").await, "0");
    // Another statement is not behind the one that hung.
    assert_eq!(t.health().await.status, 200);
    lock.batch_execute("commit").await.unwrap();
    let answer = t.call_entitlements(with_time(entitlements(&t), Duration::from_secs(20))).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// How many statements of a login the server is at.
async fn under_way(t: &TestApp, login: &str) -> String {
    let count = format!(
        "select count(*) from pg_stat_activity
            where usename = '{login}' and datname = current_database() and state = 'active'"
    );
    // The server has been told, and may need a moment.
    for _ in 0..20 {
        if t.value(&count).await == "0" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    t.value(&count).await
}

#[tokio::test]
async fn readers_of_a_locked_table_leave_nothing_behind_at_the_server() {
    let t = TestApp::start().await;
    let lock = t.database.connect().await;
    lock.batch_execute("begin; lock table own_members in access exclusive mode").await.unwrap();
    for _ in 0..3 {
        let reads =
            (0..8).map(|_| t.call_entitlements(with_time(entitlements(&t), Duration::from_millis(600))));
        for answer in futures_util::future::join_all(reads).await {
            answer.assert_failure(503, "database_unavailable");
        }
    }
    assert_eq!(under_way(&t, "billing_reader").await, "0");
    let open = "select count(*) <= 8 from pg_stat_activity
        where usename = 'billing_reader' and datname = current_database()";
    assert_eq!(t.value(open).await, "true");
    lock.batch_execute("commit").await.unwrap();
    assert_eq!(t.call_entitlements(with_time(entitlements(&t), Duration::from_secs(20))).await.status, 200);
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
