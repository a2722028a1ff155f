//! What Stripe answers with success and is no answer to what it was asked: nothing is concluded from it.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use shared::billing::reconcile::ReconcileReport;
use stripe_emulator::Fault;
use tests::{TestApp, truth, users};

const EVENTS: &str = "/v1/events";
const SUBSCRIPTIONS: &str = "/v1/subscriptions";

/// What is no page of a list.
fn no_pages() -> [Value; 6] {
    [
        json!({}),
        json!([]),
        json!({ "object": "list", "has_more": false }),
        json!({ "object": "list", "data": null, "has_more": false }),
        json!({ "object": "list", "data": [], "has_more": true }),
        json!({ "object": "list", "data": [] }),
    ]
}

fn answer(t: &TestApp, path: &str, body: Value, times: u32) {
    let body = Some(body);
    t.stripe.fail(Fault { path_prefix: path.to_owned(), status: 200, body, times, ..Fault::default() });
}

/// An add-on was paid once, and no event came: only the list of events knows of it.
async fn missed_payment() -> TestApp {
    let t = TestApp::start().await;
    let sold = json!({ "lookup_keys": ["promptforge_pro_month"] });
    let product = t.stripe.call("GET", "/v1/prices", &sold).unwrap()["data"][0]["product"].clone();
    let price = json!({ "currency": "usd", "unit_amount": 500, "product": product });
    let price = t.stripe.call("POST", "/v1/prices", &price).unwrap();
    let session = t.stripe.call(
        "POST",
        "/v1/checkout/sessions",
        &json!({
            "mode": "payment", "success_url": "https://app.example.com/",
            "line_items": [{ "quantity": 1, "price": price["id"] }],
            "metadata": { "org_id": t.org, "addon_flags": "hasAPI" }
        }),
    );
    t.stripe.pay_checkout_session(session.unwrap()["id"].as_str().unwrap()).unwrap();
    t
}

async fn has_addon(t: &TestApp) -> bool {
    t.entitlements(users::OWNER, &t.org).await.body["entitlements"]["hasAPI"] == true
}

fn names(report: &ReconcileReport, part: &str) -> bool {
    report.problems.iter().any(|problem| problem.starts_with(&format!("{part}: stripe: ")))
}

#[tokio::test]
async fn a_list_of_events_that_is_none_moves_no_cursor_and_loses_no_payment() {
    let t = missed_payment().await;
    for doubtful in no_pages() {
        t.stripe.heal();
        answer(&t, EVENTS, doubtful.clone(), u32::MAX);
        let report = t.reconcile().await;
        assert!(names(&report, "missed events"), "{doubtful}: {report:#?}");
        assert_eq!(t.value("select count(*) from reconcile_cursors where name = 'events'").await, "0");
        assert!(!has_addon(&t).await);
    }
    t.stripe.heal();
    let report = t.reconcile().await;
    assert!(report.is_well() && has_addon(&t).await, "{report:#?}");
}

#[tokio::test]
async fn a_page_of_events_that_comes_twice_moves_no_cursor() {
    let t = missed_payment().await;
    let mut page = t.stripe.call("GET", EVENTS, &json!({ "limit": 1 })).unwrap();
    page["has_more"] = json!(true);
    answer(&t, EVENTS, page, u32::MAX);
    let report = t.reconcile().await;
    assert!(names(&report, "missed events"), "{report:#?}");
    assert_eq!(t.value("select count(*) from reconcile_cursors where name = 'events'").await, "0");
    t.stripe.heal();
    assert!(t.reconcile().await.is_well() && has_addon(&t).await);
}

#[tokio::test]
async fn a_list_of_subscriptions_that_is_none_ends_the_comparison_and_changes_nothing() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    for doubtful in no_pages() {
        t.stripe.heal();
        answer(&t, SUBSCRIPTIONS, doubtful.clone(), u32::MAX);
        let report = t.reconcile().await;
        assert!(names(&report, "subscriptions"), "{doubtful}: {report:#?}");
        assert_eq!(report.subscriptions.checked, 0, "{doubtful}");
        assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pro");
    }
}

#[tokio::test]
async fn a_comparison_that_is_sent_round_in_a_circle_ends() {
    let (t, clock) = TestApp::hours_ago(24).await;
    for _ in 0..230 {
        t.subscribe(&json!({ "org_id": t.org }));
        clock.fetch_add(1000, Ordering::SeqCst);
    }
    t.forget_events().await;
    let first = t.stripe.call("GET", SUBSCRIPTIONS, &json!({ "limit": 100 })).unwrap();
    answer(&t, SUBSCRIPTIONS, first, u32::MAX);
    let report = t.reconcile().await;
    assert!(names(&report, "subscriptions"), "{report:#?}");
    t.stripe.heal();
    assert!(t.reconcile().await.is_well());
    assert_eq!(truth::differences(&t).await, [""; 0]);
}

#[tokio::test]
async fn a_read_that_is_answered_with_another_subscription_is_not_written() {
    let t = TestApp::start().await;
    let mine = t.buy("pro", "month").await;
    t.subscribe(&json!({ "org_id": t.other_org, "plan_code": "enterprise" }));
    let other = t.stripe.subscriptions().into_iter().find(|one| one["id"] != mine.as_str()).unwrap();
    t.stripe.advance(60);
    t.stripe.renew(&mine, true).unwrap();
    let event = t.last_event("invoice.paid");
    let rows = "select string_agg(to_jsonb(s)::text, '|') from subscriptions s";
    let before = t.value(rows).await;
    answer(&t, &format!("{SUBSCRIPTIONS}/{mine}"), other, 1);
    t.deliver(&event).await.assert_failure(500, "processing_failed");
    assert_eq!(t.value(rows).await, before);
    let kept = "select concat_ws(' ', status, error_code) from webhook_events where status <> 'processed'";
    assert_eq!(t.value(kept).await, "failed stripe_error");
    t.deliver(&event).await.assert_outcome("applied");
}
