//! The outbox: what changes an organization's answer although nobody wrote a row of its own.

use serde_json::json;
use tests::TestApp;

use crate::notifications::{claim, clear, deliver, waiting};

#[tokio::test]
async fn what_time_ends_is_noted_once_and_by_an_index() {
    let t = TestApp::start().await;
    // As if they had been written while the moment was still ahead.
    let granted = format!(
        "alter table entitlements disable trigger user;
         insert into entitlements (org_id, source, feature, expires_at)
           values ('{}', 'override', 'hasAPI', now() - interval '1 second');
         insert into entitlements (org_id, source, feature, source_id, livemode, expires_at)
           values ('{}', 'addon', 'hasAPI', 'cs_1', false, now() + interval '1 hour');
         alter table entitlements enable trigger user;
         update billing_private.notifier set told_through = now() - interval '1 minute'",
        t.org, t.other_org
    );
    t.db.batch_execute(&granted).await.unwrap();
    assert_eq!(t.value("select pf_note_ends()").await, "1");
    assert_eq!(waiting(&t).await, (1, 0));
    assert_eq!(t.value("select cause from notifications").await, "time");
    assert_eq!(t.value("select pf_note_ends()").await, "0");
    let indexes = "select count(*) from pg_indexes where indexname = 'entitlements_expires_at'";
    assert_eq!(t.value(indexes).await, "1");
}

#[tokio::test]
async fn what_ends_is_told_though_the_servers_clock_was_wrong_once() {
    let t = TestApp::start().await;
    let ahead = "update billing_private.notifier set told_through = now() + interval '1 day'";
    t.db.batch_execute(ahead).await.unwrap();
    assert_eq!(t.value("select pf_note_ends()").await, "0");
    let granted = format!(
        "alter table entitlements disable trigger user;
         insert into entitlements (org_id, source, feature, expires_at)
           values ('{}', 'override', 'hasAPI', clock_timestamp());
         alter table entitlements enable trigger user",
        t.org
    );
    t.db.batch_execute(&granted).await.unwrap();
    assert_eq!(t.value("select pf_note_ends()").await, "1");
}

/// Moves what was told up to now a minute back, so that what ended since is news.
async fn a_minute_later(t: &TestApp) {
    clear(t).await;
    let sql = "update billing_private.notifier set told_through = now() - interval '1 minute'";
    t.db.batch_execute(sql).await.unwrap();
}

#[tokio::test]
async fn a_discount_and_a_change_that_waits_are_over_by_themselves_and_noted_once() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    let ends = |by_themselves: &str, clock: &str| {
        format!(
            "alter table subscriptions disable trigger user;
             update subscriptions set test_clock = {clock}, discounts = '[]', schedule = null;
             update subscriptions set {by_themselves};
             alter table subscriptions enable trigger user"
        )
    };
    let discount = |when: &str| {
        format!(
            r#"discounts = jsonb_build_array('{{"id": "di_1"}}'::jsonb, jsonb_build_object('id', 'di_2',
               'terms', jsonb_build_object('percent_off', 20, 'duration', 'repeating', 'ends_at', {when})))"#
        )
    };
    let change = |when: &str| {
        format!(
            "schedule = jsonb_build_object('id', 'sub_sched_1', 'next', jsonb_build_object('at', {when},
               'plan', 'pilot', 'interval', null, 'items', '[]'::jsonb))"
        )
    };
    let (past, ahead) = ("now() - interval '1 second'", "now() + interval '1 hour'");
    for (what, clock, noted) in [
        (discount(past), "null", 1),
        (change(past), "null", 1),
        (discount(ahead), "null", 0),
        (change(ahead), "null", 0),
        (discount("null::text"), "null", 0),
        // The clock of that time tells of it, by an event.
        (discount(past), "'clock_1'", 0),
        (change(past), "'clock_1'", 0),
    ] {
        t.db.batch_execute(&ends(&what, clock)).await.unwrap();
        a_minute_later(&t).await;
        assert_eq!(t.value("select pf_note_ends()").await, noted.to_string(), "{what} {clock}");
        assert_eq!(waiting(&t).await, (noted, 0), "{what} {clock}");
        assert_eq!(t.value("select pf_note_ends()").await, "0", "{what} {clock}");
    }
    let indexes = "select count(*) from pg_indexes where indexname = 'subscriptions_change_by_themselves'";
    assert_eq!(t.value(indexes).await, "1");
}

#[tokio::test]
async fn a_first_live_payment_is_told_to_whoever_has_what_test_payments_granted() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    assert_eq!(t.value("select pf_note_ends()").await, "0");
    let plan = async || {
        let [message] = claim(&t).await.try_into().unwrap();
        deliver(&t, std::slice::from_ref(&message)).await;
        (message["org_id"].clone(), message["answer"]["plan_code"].clone())
    };
    assert_eq!(plan().await, (json!(t.org), json!("pro")));
    let live = format!(
        "insert into customers (org_id, livemode, stripe_customer_id) values ('{}', true, 'cus_live')",
        t.other_org
    );
    for (mode, now) in [(live.as_str(), "pilot"), ("delete from customers where livemode", "pro")] {
        t.db.batch_execute(mode).await.unwrap();
        assert_eq!(t.value("select pf_note_ends()").await, "1", "{mode}");
        assert_eq!(t.value("select cause from notifications order by created_at desc limit 1").await, "mode");
        assert_eq!(plan().await, (json!(t.org), json!(now)), "{mode}");
        assert_eq!(t.value("select pf_note_ends()").await, "0", "{mode}");
    }
}

#[tokio::test]
async fn who_changed_while_the_catalogue_did_is_told_once_more() {
    let t = TestApp::start().await;
    let ends = async || t.value("select pf_note_ends()").await;
    t.buy("pro", "month").await;
    deliver(&t, &claim(&t).await).await;
    assert_eq!(ends().await, "0");
    // It began before, was committed after, and neither saw the other one.
    let changed = "insert into runs (kind, telemetry, created_at)
        values ('catalogue_changed', '{}', now() - interval '1 minute')";
    t.db.batch_execute(changed).await.unwrap();
    assert_eq!((ends().await.as_str(), ends().await.as_str()), ("1", "0"));
    assert!(claim(&t).await.is_empty(), "what is the same is not told");
}
