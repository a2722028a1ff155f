//! POST /api/webhooks/stripe: values that no time is and no text of the database holds.

use serde_json::json;
use tests::TestApp;

/// Found by schemathesis: PostgreSQL's calendar is shorter than an i64, and the event was answered 500.
#[tokio::test]
async fn an_event_of_an_impossible_time_is_no_event() {
    let t = TestApp::start().await;
    let session = t.checkout_plan("pro", "month").await;
    t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
    for kind in ["customer.subscription.updated", "customer.created"] {
        for created in [i64::MIN, -1, 253_402_300_800, i64::MAX] {
            let mut event = t.last_event("customer.subscription.updated");
            event["type"] = json!(kind);
            event["created"] = json!(created);
            let answer = t.deliver(&event).await;
            answer.assert_failure(400, "invalid_request");
            assert!(answer.text("/error").contains("created"), "{}", answer.body);
        }
    }
    // It is kept, and nothing comes of it.
    let kept = "select string_agg(concat_ws(' ', status, error_code, attempts), ',') from webhook_events";
    assert_eq!(t.value(kept).await, "failed invalid_request 8");
    assert_eq!(t.value("select count(*) from subscriptions").await, "0");
}

/// The same for the object: what cannot be a time is none, and what no text can hold is left out of it.
#[tokio::test]
async fn an_object_with_values_that_the_database_cannot_hold_is_read_without_them() {
    let t = TestApp::start().await;
    let session = t.checkout_plan("pro", "month").await;
    t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
    let mut event = t.last_event("customer.subscription.updated");
    let object = &mut event["data"]["object"];
    for field in ["cancel_at", "trial_end", "created"] {
        object[field] = json!(-377_705_023_201_i64);
    }
    object["pause_collection"] = json!({ "behavior": "keep\u{0}" });
    object["items"]["data"][0]["price"]["id"] = json!("price\u{0}_1");
    event["api_version"] = json!("2026\u{0}");
    t.deliver(&event).await.assert_outcome("applied");
    assert_eq!(t.value("select price_id from subscriptions").await, "price_1");
    assert_eq!(t.value("select cancel_at is null and trial_end is null from subscriptions").await, "true");
    event["id"] = json!("\u{0}");
    event["data"]["object"]["metadata"] = json!({});
    event["data"]["object"]["customer"] = json!("\u{0}");
    let answer = t.deliver(&event).await;
    assert_ne!(answer.status, 500, "{}", answer.body);
}
