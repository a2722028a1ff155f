//! Thin events, events of other accounts, and the Dashboard's test event.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};
use shared::stripe::event::PROCESSED;
use stripe_emulator::Fault;
use tests::{TestApp, users};

/// The thin form of an event.
fn thin(t: &TestApp, event: &Value) -> Value {
    t.stripe.event_as_thin(event["id"].as_str().unwrap()).unwrap()
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
        assert_eq!(t.deliver(&thin(&t, &event)).await.status, 200, "{event}");
    }
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pro");
    assert_eq!(t.value("select count(*) from webhook_events where status <> 'processed'").await, "0");
}

/// A life in which each other type of event that counts comes.
async fn live(t: &TestApp) {
    paid(t).await;
    let subscription = t.stripe.subscription_ids().remove(0);
    t.stripe.renew(&subscription, false).unwrap();
    t.stripe.pay_open_invoice(&subscription).unwrap();
    t.stripe.pause(&subscription).unwrap();
    t.stripe.resume(&subscription).unwrap();
    for quantity in [2, 3] {
        t.stripe.schedule_change(&subscription, None, Some(quantity)).unwrap();
    }
    t.stripe.cancel_now(&subscription).unwrap();
    let price = json!({ "currency": "usd", "unit_amount": 900, "product_data": { "name": "Add-on" } });
    let price = t.stripe.call("POST", "/v1/prices", &price).unwrap()["id"].clone();
    for succeeds in [true, false] {
        let session = json!({
            "mode": "payment", "line_items": [{ "price": price, "quantity": 1 }],
            "payment_method_types": ["sepa_debit"], "metadata": { "org_id": t.org, "addon_flags": "hasAPI" },
            "success_url": "https://app.example.com/ok",
        });
        let session = t.stripe.call("POST", "/v1/checkout/sessions", &session).unwrap();
        let id = session["id"].as_str().unwrap();
        t.stripe.pay_checkout_session(id).unwrap();
        t.stripe.settle_checkout_session(id, succeeds).unwrap();
        if succeeds {
            money_back(t, id);
        }
    }
    let clock = json!({ "frozen_time": t.now() });
    let clock = t.stripe.call("POST", "/v1/test_helpers/test_clocks", &clock).unwrap();
    let path = format!("/v1/test_helpers/test_clocks/{}/advance", clock["id"].as_str().unwrap());
    t.stripe.call("POST", &path, &json!({ "frozen_time": t.now() + 3600 })).unwrap();
}

/// A part of it, and not after all; then its cardholder disputes it, in vain.
fn money_back(t: &TestApp, session: &str) {
    let charge = t.stripe.charge_of(session).unwrap()["id"].as_str().unwrap().to_owned();
    let refund = t.stripe.refund(&charge, Some(1)).unwrap();
    t.stripe.settle_refund(refund["id"].as_str().unwrap(), false).unwrap();
    let dispute = t.stripe.open_dispute(&charge).unwrap();
    let evidence = json!({ "evidence": { "uncategorized_text": "They use it." } });
    let path = format!("/v1/disputes/{}", dispute["id"].as_str().unwrap());
    t.stripe.call("POST", &path, &evidence).unwrap();
    t.stripe.close_dispute(dispute["id"].as_str().unwrap(), true).unwrap();
}

#[tokio::test]
async fn each_type_that_counts_counts_in_its_thin_form() {
    let t = TestApp::start().await;
    live(&t).await;
    let mut seen = BTreeSet::new();
    for event in t.stripe.events() {
        let kind = event["type"].as_str().unwrap();
        let answer = t.deliver(&thin(&t, &event)).await;
        let outcome = answer.text("/outcome");
        if let Some(kind) = PROCESSED.iter().find(|processed| **processed == kind) {
            // No subscription goes by the clock.
            let expected = if *kind == "test_helpers.test_clock.ready" { "ignored" } else { "applied stale" };
            assert!(!outcome.is_empty() && expected.contains(outcome), "{kind}: {}", answer.body);
            seen.insert(*kind);
        } else {
            assert_eq!(outcome, "ignored", "{kind}");
        }
    }
    assert_eq!(seen, PROCESSED.into_iter().collect());
    assert_eq!(t.value("select status from subscriptions").await, "canceled");
    assert_eq!(
        t.value("select string_agg(payment_status, ' ' order by payment_status) from payments").await,
        "failed paid"
    );
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.body["entitlements"]["hasAPI"], true);
}

#[tokio::test]
async fn an_event_that_comes_in_both_forms_is_one_event() {
    let t = TestApp::start().await;
    paid(&t).await;
    let event = t.last_event("customer.subscription.created");
    t.deliver(&event).await.assert_outcome("applied");
    t.deliver(&thin(&t, &event)).await.assert_outcome("duplicate");
    assert_eq!(t.value("select count(*) from webhook_events").await, "1");
}

#[tokio::test]
async fn an_event_that_failed_in_one_form_and_comes_seconds_later_in_the_other_is_one_event() {
    let t = TestApp::start().await;
    paid(&t).await;
    let event = t.last_event("customer.subscription.created");
    t.stripe.fail(Fault { path_prefix: "/v1/".to_owned(), status: 400, times: 1, ..Fault::default() });
    let mut made_later = thin(&t, &event);
    let made = event["created"].as_i64().unwrap();
    made_later["created"] = json!(Timestamp::from_second(made + 2).unwrap());
    t.deliver(&made_later).await.assert_failure(500, "processing_failed");
    t.deliver(&event).await.assert_outcome("applied");
    t.deliver(&made_later).await.assert_outcome("duplicate");
    assert_eq!(t.value("select status || ' ' || attempts from webhook_events").await, "processed 2");
}

#[tokio::test]
async fn what_a_thin_event_names_is_fetched_and_a_fetch_that_fails_is_noted_and_comes_again() {
    let t = TestApp::start().await;
    paid(&t).await;
    let event = thin(&t, &t.last_event("checkout.session.completed"));
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
    let mut gone = thin(&t, &t.last_event("checkout.session.completed"));
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
async fn an_event_that_failed_and_turns_out_to_be_of_no_use_is_not_tried_for_ever() {
    let t = TestApp::start().await;
    paid(&t).await;
    let noted =
        "select string_agg(concat_ws(' ', status, outcome, error_code, attempts), ', ') from webhook_events";
    let refused = Fault { path_prefix: "/v1/".to_owned(), status: 400, times: 1, ..Fault::default() };
    let mut gone = thin(&t, &t.last_event("checkout.session.completed"));
    gone["related_object"]["id"] = json!("cs_test_gone");
    t.stripe.fail(refused.clone());
    t.deliver(&gone).await.assert_failure(500, "processing_failed");
    assert_eq!(t.value(noted).await, "failed stripe_error 1");
    t.deliver(&gone).await.assert_outcome("ignored");
    assert_eq!(t.value(noted).await, "processed ignored 2");
    t.db.batch_execute("delete from webhook_events").await.unwrap();

    // The same if the reconciliation is the one that learns it.
    let product = t.stripe.call("POST", "/v1/products", &json!({ "name": "Other" })).unwrap();
    let of_no_use =
        t.stripe.events().into_iter().rfind(|event| event["data"]["object"]["id"] == product["id"]);
    t.db.batch_execute(&format!(
        "insert into webhook_events (event_id, type, livemode, stripe_created_at, status, error_code,
           next_retry_at)
         values ('{}', 'product.created', false, now(), 'failed', 'invalid_request', now())",
        of_no_use.unwrap()["id"].as_str().unwrap()
    ))
    .await
    .unwrap();
    t.reconcile().await;
    let left = "select count(*) from webhook_events where status = 'failed'";
    assert_eq!(t.value(left).await, "0");
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
            let mut event = thin(&t, &event);
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
