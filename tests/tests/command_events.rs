//! `billing events`.

use serde_json::{Value, json};
use stripe_emulator::Fault;
use tests::{TestApp, truth, users};

fn id(event: &Value) -> &str {
    event["id"].as_str().unwrap()
}

/// A pro subscription at Stripe of whose events none has come.
async fn undelivered(t: &TestApp) -> String {
    let session = t.checkout_plan("pro", "month").await;
    t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
    let newest = t.stripe.subscriptions().pop().unwrap();
    newest["id"].as_str().unwrap().to_owned()
}

/// An event that needs a read of Stripe, which failed.
async fn failed(t: &TestApp) -> Value {
    undelivered(t).await;
    let event = t.last_event("invoice.paid");
    t.stripe.fail(Fault { path_prefix: "/v1/subscriptions".into(), status: 400, ..Fault::default() });
    t.deliver(&event).await.assert_failure(500, "processing_failed");
    event
}

#[tokio::test]
async fn events_are_listed_by_what_is_asked_for() {
    let t = TestApp::start().await;
    let event = failed(&t).await;
    t.deliver(&t.last_event("customer.subscription.created")).await.assert_outcome("applied");
    let all = t.billing_json(0, &["events", "list"]).await;
    assert_eq!(all["events"].as_array().unwrap().len(), 2);
    for (filter, expected) in [
        (&["--failed"][..], 1),
        (&["--type", "invoice.paid"], 1),
        (&["--type", "invoice.voided"], 0),
        (&["--org", &t.org], 2),
        (&["--org", &t.other_org], 0),
        (&["--since", "1h"], 2),
        (&["--since", "2100-01-01"], 0),
        (&["--limit", "1"], 1),
    ] {
        let listed = t.billing_json(0, &[&["events", "list"], filter].concat()).await;
        assert_eq!(listed["events"].as_array().unwrap().len(), expected, "{filter:?}");
        assert_eq!(listed["has_more"], filter[0] == "--limit");
    }
    let words = t.billing(&["events", "list", "--failed"]).await.output;
    assert!(words.contains(id(&event)) && words.contains("failed: stripe_error"), "{words}");
    let nothing = t.billing(&["events", "list", "--type", "invoice.voided"]).await.output;
    assert_eq!(nothing, "No such event.");
}

#[tokio::test]
async fn an_event_is_shown_with_what_stripe_says_and_without_what_it_carries() {
    let t = TestApp::start().await;
    let event = failed(&t).await;
    let shown = t.billing_json(0, &["events", "show", id(&event)]).await;
    assert_eq!((&shown["ours"]["status"], &shown["ours"]["attempts"]), (&json!("failed"), &json!(1)));
    assert_eq!(
        (&shown["stripe"]["type"], &shown["stripe"]["pending_webhooks"]),
        (&json!("invoice.paid"), &json!(0))
    );
    assert!(shown.pointer("/stripe/data").is_none());
    let words = t.billing(&["events", "show", id(&event)]).await.output;
    assert!(words.contains("failed: stripe_error") && words.contains("events replay"), "{words}");
    // One that never came, one that Stripe has forgotten, and none at all.
    let never = t.last_event("customer.subscription.created");
    assert!(t.billing(&["events", "show", id(&never)]).await.output.contains("it never came"));
    t.db.batch_execute("update webhook_events set event_id = 'evt_old'").await.unwrap();
    assert!(t.billing(&["events", "show", "evt_old"]).await.output.contains("keeps events for 30 days"));
    let none = t.billing(&["events", "show", "evt_none"]).await;
    assert!(none.status == 1 && none.complaint.contains("No event evt_none"), "{none:?}");
}

#[tokio::test]
async fn what_was_missed_is_replayed_oldest_first_and_a_second_time_changes_nothing() {
    let t = TestApp::start().await;
    undelivered(&t).await;
    let dry = t.billing_json(0, &["events", "replay", "--since", "1h", "--dry-run"]).await;
    let events = dry["events"].as_array().unwrap();
    assert!(events.len() >= 4 && events.iter().all(|event| event["outcome"] == "would_replay"), "{dry}");
    assert_eq!(t.value("select count(*) from webhook_events").await, "0");

    let replayed = t.billing_json(0, &["events", "replay", "--since", "1h"]).await;
    assert_eq!(replayed["events"].as_array().unwrap().len(), events.len());
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pro");
    assert_eq!(truth::differences(&t).await, [""; 0]);
    let audit = t.value("select count(*) || ' ' || max(version) from runs, subscriptions").await;
    let again = t.billing(&["events", "replay", "--since", "1h"]).await;
    assert!(again.status == 0 && again.output.contains(&format!("{} duplicate.", events.len())), "{again:?}");
    // Named one by one they go through the pipeline, which says the same.
    let processed = t.last_event("customer.subscription.created");
    let named = t.billing_json(0, &["events", "replay", id(&processed)]).await;
    assert_eq!(named["events"][0]["outcome"], "duplicate");
    assert_eq!(t.value("select count(*) || ' ' || max(version) from runs, subscriptions").await, audit);
}

#[tokio::test]
async fn replaying_an_old_event_does_not_bring_an_old_state_back() {
    let t = TestApp::start().await;
    let subscription = undelivered(&t).await;
    let old = t.last_event("customer.subscription.created");
    t.stripe.advance(60);
    t.stripe.change_plan(&subscription, "promptforge_enterprise_month").unwrap();
    t.deliver(&t.last_event("customer.subscription.updated")).await.assert_outcome("applied");
    let replayed = t.billing_json(0, &["events", "replay", id(&old)]).await;
    assert_eq!(replayed["events"][0]["outcome"], "stale");
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "enterprise");
}

#[tokio::test]
async fn failed_ones_fail_again_while_the_cause_is_there_and_are_applied_once_it_is_gone() {
    let t = TestApp::start().await;
    let event = failed(&t).await;
    t.stripe.fail(Fault { path_prefix: "/v1/subscriptions".into(), status: 400, ..Fault::default() });
    let again = t.billing_json(1, &["events", "replay", "--failed"]).await;
    assert_eq!(
        again["events"][0],
        json!({ "event_id": id(&event), "outcome": "failed", "error_code": "stripe_error" })
    );
    assert_eq!(t.value("select attempts from webhook_events").await, "2");
    let healed = t.billing(&["events", "replay", "--failed"]).await;
    assert!(healed.status == 0 && healed.output.contains("1 event: 1 applied."), "{healed:?}");
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pro");
    let nothing = t.billing(&["events", "replay", "--failed"]).await;
    assert!(nothing.status == 0 && nothing.output.starts_with("No such event"), "{nothing:?}");
}

#[tokio::test]
async fn what_stripe_has_no_more_is_told_and_not_asked_for_again() {
    let t = TestApp::start().await;
    t.db.batch_execute(
        "insert into webhook_events (event_id, type, livemode, stripe_created_at, status, next_retry_at)
        values ('evt_forgotten', 'invoice.paid', false, now(), 'failed', now())",
    )
    .await
    .unwrap();
    let gone = t.billing(&["events", "replay", "evt_forgotten"]).await;
    assert!(gone.status == 1 && gone.output.contains("Stripe has it no more"), "{gone:?}");
    assert_eq!(
        t.value("select error_code || coalesce(next_retry_at::text, '') from webhook_events").await,
        "gone_at_stripe"
    );
}

#[tokio::test]
async fn an_outage_in_the_middle_keeps_what_was_done_and_says_what_is_left() {
    let t = TestApp::start().await;
    undelivered(&t).await;
    let newest = t.last_event("customer.subscription.created");
    let path = format!("/v1/events/{}", id(&t.last_event("invoice.paid")));
    t.stripe.fail(Fault { path_prefix: path, status: 403, ..Fault::default() });
    let ids = [id(&newest), id(&t.last_event("invoice.paid")), "evt_next"].map(str::to_owned);
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let stopped = t.billing_json(1, &[&["events", "replay"], &ids[..]].concat()).await;
    assert_eq!((&stopped["events"][0]["outcome"], &stopped["left"]), (&json!("applied"), &json!(2)));
    assert!(stopped["stopped"].as_str().unwrap().contains("may not do this"), "{stopped}");
}

#[tokio::test]
async fn wrong_input_and_missing_parts_change_nothing() {
    let t = TestApp::start().await;
    t.assert_wrong_usage(&["events"], "Usage: billing events").await;
    t.assert_wrong_usage(&["events", "replay"], "<ID|--failed|--since <TIME>>").await;
    t.assert_wrong_usage(&["events", "replay", "evt_1", "--failed"], "cannot be used with").await;
    t.assert_wrong_usage(&["events", "list", "--since", "yesterday"], "expected 90m, 24h, 7d").await;
    t.assert_wrong_usage(&["events", "list", "--limit", "0"], "1..=1000").await;
    t.assert_wrong_usage(&["events", "list", "--org", "acme"], "expected an organization's id").await;
    t.assert_needs(&["events", "list"], false).await;
    t.assert_needs(&["events", "show", "evt_1"], true).await;
    t.assert_needs(&["events", "replay", "--since", "1h"], true).await;
    t.assert_needs(&["events", "replay", "evt_1"], true).await;
    assert_eq!(t.value("select count(*) from webhook_events").await, "0");
}
