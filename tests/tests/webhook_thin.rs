//! Thin events, events of other accounts, and the Dashboard's test event.

use serde_json::{Value, json};
use stripe_emulator::Fault;
use tests::{TestApp, users};

/// The thin form of an event of the emulator's.
fn thin(event: &Value) -> Value {
    let object = &event["data"]["object"];
    let created = jiff::Timestamp::from_second(event["created"].as_i64().unwrap()).unwrap();
    json!({
        "id": format!("evt_test_{}", event["id"].as_str().unwrap()), "object": "v2.core.event",
        "type": format!("v1.{}", event["type"].as_str().unwrap()), "created": created.to_string(),
        "livemode": false, "context": null,
        "related_object": { "id": object["id"], "type": object["object"],
            "url": format!("/v1/any/{}", object["id"].as_str().unwrap()) },
        "snapshot_event": event["id"], "reason": null,
    })
}

async fn paid(t: &TestApp) {
    let session = t.checkout_plan("pro", "month").await;
    t.stripe.pay_checkout_session(session.text("/sessionId")).expect("pay");
}

#[tokio::test]
async fn thin_events_alone_end_where_snapshot_events_do() {
    let t = TestApp::start().await;
    paid(&t).await;
    for event in t.stripe.events() {
        assert_eq!(t.deliver(&thin(&event)).await.status, 200, "{event}");
    }
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pro");
    assert_eq!(t.value("select count(*) from webhook_events where status <> 'processed'").await, "0");
}

#[tokio::test]
async fn an_event_that_comes_in_both_forms_is_one_event() {
    let t = TestApp::start().await;
    paid(&t).await;
    let event = t.last_event("customer.subscription.created");
    t.deliver(&event).await.assert_outcome("applied");
    t.deliver(&thin(&event)).await.assert_outcome("duplicate");
    assert_eq!(t.value("select count(*) from webhook_events").await, "1");
}

#[tokio::test]
async fn what_a_thin_event_names_is_fetched_and_a_fetch_that_fails_is_noted_and_comes_again() {
    let t = TestApp::start().await;
    paid(&t).await;
    let event = thin(&t.last_event("checkout.session.completed"));
    let refused =
        Fault { path_prefix: "/v1/checkout/sessions/".to_owned(), status: 400, times: 1, ..Fault::default() };
    t.stripe.fail(refused);
    t.deliver(&event).await.assert_failure(500, "processing_failed");
    assert_eq!(t.value("select status from webhook_events").await, "failed");
    t.deliver(&event).await.assert_outcome("applied");
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pro");
}

#[tokio::test]
async fn an_object_that_stripe_does_not_know_any_more_and_types_of_no_use_are_ignored() {
    let t = TestApp::start().await;
    paid(&t).await;
    let mut gone = thin(&t.last_event("checkout.session.completed"));
    gone["related_object"]["id"] = json!("cs_test_gone");
    t.deliver(&gone).await.assert_outcome("ignored");
    let ping = json!({ "id": "evt_test_1", "object": "v2.core.event",
        "type": "v2.core.event_destination.ping", "created": "2026-11-25T10:00:00.000Z",
        "livemode": false, "context": null,
        "related_object": { "id": "ed_test_1", "type": "v2.core.event_destination",
            "url": "/v2/core/event_destinations/ed_test_1" } });
    t.deliver(&ping).await.assert_outcome("ignored");
    let mut meter = ping.clone();
    meter["type"] = json!("v1.billing.meter.error_report_triggered");
    t.deliver(&meter).await.assert_outcome("ignored");
    assert_eq!(t.value("select count(*) from webhook_events").await, "0");
}

#[tokio::test]
async fn a_time_that_is_none_is_named() {
    let t = TestApp::start().await;
    for created in [json!("yesterday"), json!("1969-12-31T23:59:59Z"), json!(null), json!(1.5), json!({})] {
        let event = json!({ "id": "evt_1", "object": "v2.core.event",
            "type": "v1.customer.subscription.updated", "created": created });
        let answer = t.deliver(&event).await;
        answer.assert_failure(400, "invalid_request");
        assert!(answer.text("/error").contains("created"), "{}", answer.body);
    }
}

#[tokio::test]
async fn events_of_connected_accounts_are_ignored_before_anything_else() {
    let t = TestApp::start().await;
    paid(&t).await;
    for (field, account) in [("account", "acct_1Nv0FGQ9RKHgCVdK"), ("context", "acct_1Nv0FGQ9RKHgCVdK")] {
        for kind in ["customer.subscription.created", "checkout.session.completed", "invoice.paid"] {
            let mut event = t.last_event(kind);
            event[field] = json!(account);
            t.deliver(&event).await.assert_outcome("ignored");
            let mut event = thin(&event);
            event[field] = json!(account);
            event["livemode"] = json!(true);
            t.deliver(&event).await.assert_outcome("ignored");
        }
    }
    assert_eq!(t.value("select count(*) from webhook_events").await, "0");
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pilot");
}

#[tokio::test]
async fn the_dashboards_test_event_is_taken_and_means_nothing() {
    let t = TestApp::start().await;
    paid(&t).await;
    let mut event = t.last_event("customer.subscription.created");
    event["id"] = json!("evt_00000000000000");
    event["data"]["object"]["id"] = json!("sub_00000000000000");
    event["data"]["object"]["metadata"] = json!({});
    t.deliver(&event).await.assert_outcome("ignored");
    assert_eq!(t.value("select count(*) from webhook_events").await, "0");
}
