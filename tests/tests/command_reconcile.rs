//! `billing reconcile`.

use std::sync::atomic::Ordering;

use serde_json::Value;
use stripe_emulator::Fault;
use tests::{TestApp, operator, truth, users};

async fn undelivered(t: &TestApp) {
    let session = t.checkout_plan("pro", "month").await;
    t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
}

#[tokio::test]
async fn what_was_missed_and_what_drifted_is_put_right_and_told_in_words() {
    let t = TestApp::start().await;
    undelivered(&t).await;
    let report = t.billing(&["reconcile"]).await;
    assert_eq!(report.status, 0, "{report:?}");
    assert!(report.output.ends_with("In step with Stripe."), "{}", report.output);
    assert!(!report.output.contains(": 0 recovered\nFailed"), "{}", report.output);
    assert_eq!(truth::differences(&t).await, [""; 0]);
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pro");
    // All subscriptions are compared each time, whenever the scheduled one did.
    t.db.batch_execute("update subscriptions set quantity = 9").await.unwrap();
    let report = t.billing_json(0, &["reconcile"]).await;
    assert_eq!(
        (&report["subscriptions"]["checked"], &report["subscriptions"]["repaired"]),
        (&1.into(), &1.into())
    );
    assert_eq!(t.value("select count(*) from reconcile_cursors where name = 'subscriptions'").await, "0");
}

#[tokio::test]
async fn what_nobody_can_repair_is_told_and_is_exit_status_one() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    t.db.batch_execute("update subscriptions set stripe_subscription_id = 'sub_elsewhere'").await.unwrap();
    let report = t.billing(&["reconcile"]).await;
    assert!(report.status == 1 && report.output.contains("1 unexplained"), "{report:?}");
    t.stripe.fail(Fault { path_prefix: "/v1/events".into(), status: 403, ..Fault::default() });
    let report = t.billing(&["reconcile"]).await;
    assert!(report.status == 1 && report.output.contains("Problem        missed events: "), "{report:?}");
}

#[tokio::test]
async fn an_interruption_ends_it_at_its_next_stop() {
    let t = TestApp::start().await;
    undelivered(&t).await;
    let context = t.billing_context(&[]);
    context.interrupted.store(true, Ordering::Relaxed);
    let stopped = operator::run(&context, &["reconcile", "--json"]).await;
    assert_eq!(stopped.status, 1, "{stopped:?}");
    let report: Value = serde_json::from_str(&stopped.output).unwrap();
    assert_eq!(report["unfinished"], true);
    assert_eq!(t.value("select count(*) from webhook_events").await, "0");
    assert_eq!(t.billing(&["reconcile"]).await.status, 0);
}

#[tokio::test]
async fn wrong_input_and_missing_parts_change_nothing() {
    let t = TestApp::start().await;
    t.assert_wrong_usage(&["reconcile", "everything"], "unexpected argument").await;
    t.assert_needs(&["reconcile"], true).await;
    assert_eq!(t.value("select count(*) from reconcile_cursors").await, "0");
}
