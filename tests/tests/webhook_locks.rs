//! POST /api/webhooks/stripe while somebody holds a lock: the event gives way, and comes again.

use serde_json::{Value, json};
use tests::TestApp;
use tokio_postgres::Client;

/// An event of the first organization, and one of the second.
async fn two_events() -> (TestApp, Value, Value) {
    let t = TestApp::start().await;
    let mut events = Vec::new();
    for org in [&t.org, &t.other_org] {
        t.subscribe(&json!({ "org_id": org }));
        events.push(t.last_event("customer.subscription.created"));
    }
    let other = events.pop().unwrap();
    (t, events.pop().unwrap(), other)
}

async fn holding(t: &TestApp, what: &str) -> Client {
    let holder = t.database.connect().await;
    holder.batch_execute(&format!("begin; {what}")).await.unwrap();
    holder
}

/// Answers although the lock is held on. How long it waits is the function's own setting.
async fn assert_gives_way(t: &TestApp, event: &Value) {
    t.deliver(event).await.assert_failure(500, "processing_failed");
    let patience = "select string_agg(distinct setting, ',') from pg_proc, unnest(proconfig) as setting
        where proname in ('pf_apply_event', 'pf_fail_event') and setting like 'lock_timeout=%'";
    assert_eq!(t.value(patience).await, "lock_timeout=300ms");
}

#[tokio::test]
async fn one_organization_whose_lock_is_held_gives_way_and_the_others_go_on() {
    let (t, event, other) = two_events().await;
    let lock = format!("select billing_private.lock_organizations(array['{}'::uuid])", t.org);
    let holder = holding(&t, &lock).await;
    assert_gives_way(&t, &event).await;
    t.deliver(&other).await.assert_outcome("applied");
    let noted = "select concat_ws(' ', event_id, error_code, next_retry_at > now()) from webhook_events
        where status = 'failed'";
    assert_eq!(t.value(noted).await, format!("{} database_unavailable t", event["id"].as_str().unwrap()));
    holder.batch_execute("rollback").await.unwrap();
    t.deliver(&event).await.assert_outcome("applied");
    assert_eq!(t.value("select count(*) from subscriptions").await, "2");
}

#[tokio::test]
async fn a_table_that_is_locked_holds_no_event_up() {
    for table in ["subscriptions", "webhook_events", "entitlements", "own_organizations"] {
        let (t, event, _) = two_events().await;
        let holder = holding(&t, &format!("lock table {table} in access exclusive mode")).await;
        assert_gives_way(&t, &event).await;
        holder.batch_execute("rollback").await.unwrap();
        t.deliver(&event).await.assert_outcome("applied");
    }
}

#[tokio::test]
async fn a_price_that_somebody_writes_about_holds_no_event_up() {
    let (t, event, mut other) = two_events().await;
    // Both are of one price, and the second says that it sells another plan.
    let price = &mut other["data"]["object"]["items"]["data"][0]["price"];
    (price["lookup_key"], price["metadata"]) = (json!("promptforge_enterprise_month"), json!({}));
    let id = price["id"].as_str().unwrap().to_owned();
    assert_eq!(event["data"]["object"]["items"]["data"][0]["price"]["id"], id);

    // First it is about to be known, as while a catalogue is applied.
    let insert = format!("insert into prices (price_id, plan_code) values ('{id}', 'pro')");
    let holder = holding(&t, &insert).await;
    t.deliver(&event).await.assert_outcome("applied");
    holder.batch_execute("commit").await.unwrap();

    let lock = format!("select from prices where price_id = '{id}' for update");
    let holder = holding(&t, &lock).await;
    t.deliver(&other).await.assert_outcome("applied");
    holder.batch_execute("rollback").await.unwrap();
    let plans = "select string_agg(plan_code, ' ' order by plan_code) from subscriptions";
    assert_eq!(t.value(plans).await, "enterprise pro");

    // Who comes next says it again, and then it is known.
    let known = format!("select plan_code from prices where price_id = '{id}'");
    assert_eq!(t.value(&known).await, "pro");
    other["id"] = json!("evt_once_more");
    other["created"] = json!(other["created"].as_i64().unwrap() + 2);
    t.deliver(&other).await.assert_outcome("applied");
    assert_eq!(t.value(&known).await, "enterprise");
}
