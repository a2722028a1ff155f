//! `scheduled` in the answer: a change of plan that waits for the end of the paid period.

use cli::commands::portal_configuration;
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use stripe_emulator::Fault;
use tests::{TestApp, users};

/// An organization with Enterprise, which is to become this plan.
async fn downgraded(plan: &str, interval: &str) -> (TestApp, String) {
    let t = TestApp::start().await;
    portal_configuration::run(portal_configuration::Args { dry_run: false }, &t.operator()).await.unwrap();
    let subscription = t.buy("enterprise", "month").await;
    confirm(&t, plan, interval).await;
    (t, subscription)
}

/// Confirms a change on Stripe's page.
async fn confirm(t: &TestApp, plan: &str, interval: &str) {
    let flow = json!({ "type": "update", "planCode": plan, "interval": interval });
    let page = t.portal(users::OWNER, &json!({ "orgId": t.org, "flow": flow })).await;
    let http = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    let form: [(&str, &str); 0] = [];
    let answer = http.post(format!("{}/flow", page.text("/url"))).form(&form).send().await.unwrap();
    assert_eq!(answer.status(), 303);
}

async fn shown(t: &TestApp) -> Value {
    let answer = t.entitlements(users::MEMBER, &t.org).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["scheduled"].clone()
}

async fn expected(t: &TestApp, plan: &str, seats: i32) -> Value {
    let end = t.entitlements(users::MEMBER, &t.org).await.body["currentPeriodEnd"].clone();
    json!({ "planCode": plan, "interval": "month", "seats": seats, "at": end })
}

/// The last event of this type, minutes after all others: of two in one second, neither is newer.
fn news(t: &TestApp, kind: &str) -> Value {
    let mut event = t.last_event(kind);
    let later = 60 * i64::try_from(t.stripe.events().len()).unwrap();
    event["created"] = json!(event["created"].as_i64().unwrap() + later);
    event
}

#[tokio::test]
async fn a_downgrade_is_told_with_its_date_until_it_happens() {
    let (t, _) = downgraded("pro", "month").await;
    assert_eq!(shown(&t).await, Value::Null);
    t.deliver(&news(&t, "customer.subscription.updated")).await.assert_outcome("applied");
    assert_eq!(shown(&t).await, expected(&t, "pro", 1).await);
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "enterprise");
    t.stripe.advance(31 * 86_400);
    t.deliver_all().await;
    assert_eq!(
        (shown(&t).await, t.entitlements(users::OWNER, &t.org).await.text("/planCode")),
        (Value::Null, "pro")
    );
}

#[tokio::test]
async fn what_waited_at_a_moment_is_known_later() {
    let (t, _) = downgraded("pro", "month").await;
    t.deliver(&news(&t, "customer.subscription.updated")).await.assert_outcome("applied");
    let at = t.value("select clock_timestamp()").await;
    t.db.batch_execute("update plans set seats_included = 4 where plan_code = 'pro'").await.unwrap();
    assert_eq!(shown(&t).await, expected(&t, "pro", 4).await);
    t.stripe.advance(31 * 86_400);
    t.deliver_all().await;
    let sql = |at: &str| format!("select scheduled::text from entitlements_at('{}', {at})", t.org);
    let then: Value = serde_json::from_str(&t.value(&sql(&format!("'{at}'"))).await).unwrap();
    assert_eq!((&then["plan_code"], &then["seats"]), (&json!("pro"), &json!(1)));
    assert_eq!(t.value(&sql("clock_timestamp()")).await, "");
}

#[tokio::test]
async fn another_change_in_its_place_is_told_though_the_subscription_names_the_same_schedule() {
    let (t, subscription) = downgraded("pro", "month").await;
    t.deliver_all().await;
    t.stripe.change_quantity(&subscription, 3).unwrap();
    t.stripe.schedule_change(&subscription, None, Some(2)).unwrap();
    t.deliver(&news(&t, "customer.subscription.updated")).await.assert_outcome("applied");
    assert_eq!(shown(&t).await, expected(&t, "enterprise", 10).await);
    t.stripe.schedule_change(&subscription, None, Some(1)).unwrap();
    let told = t.last_event("subscription_schedule.updated");
    t.deliver(&news(&t, "subscription_schedule.updated")).await.assert_outcome("applied");
    assert_eq!(told["data"]["object"]["subscription"], subscription);
    assert_eq!(shown(&t).await, expected(&t, "enterprise", 5).await);
}

#[tokio::test]
async fn a_change_that_is_taken_back_is_told_no_more() {
    let (t, _) = downgraded("pro", "month").await;
    t.deliver(&news(&t, "customer.subscription.updated")).await.assert_outcome("applied");
    let schedules = t.stripe.call("GET", "/v1/subscription_schedules", &json!({})).unwrap();
    let path = format!("/v1/subscription_schedules/{}/release", schedules["data"][0]["id"].as_str().unwrap());
    t.stripe.call("POST", &path, &json!({})).unwrap();
    t.deliver(&news(&t, "customer.subscription.updated")).await.assert_outcome("applied");
    assert_eq!(shown(&t).await, Value::Null);
}

#[tokio::test]
async fn sync_and_reconciliation_tell_it_without_an_event() {
    let (t, _) = downgraded("pro", "month").await;
    t.db.batch_execute("delete from billing_private.syncs").await.unwrap();
    let synced = t.sync(users::OWNER, &json!({ "orgId": t.org })).await;
    assert_eq!(synced.body["scheduled"], expected(&t, "pro", 1).await);

    // Of a list, as a backfill reads it, only the schedule's id is known.
    t.db.batch_execute("update subscriptions set schedule = schedule - 'next'").await.unwrap();
    assert_eq!(shown(&t).await, Value::Null);
    t.reconcile().await;
    assert_eq!(shown(&t).await, expected(&t, "pro", 1).await);
    let version = t.value("select version from subscriptions").await;
    t.reconcile().await;
    assert_eq!(t.value("select version from subscriptions").await, version, "then nothing differs");
}

#[tokio::test]
async fn while_stripe_does_not_answer_the_event_is_applied_and_the_change_is_not_told() {
    let (t, _) = downgraded("pro", "month").await;
    t.stripe.fail(Fault {
        method: Some("GET".to_owned()),
        path_prefix: "/v1/subscriptions/".to_owned(),
        status: 500,
        times: 9,
        ..Fault::default()
    });
    t.deliver(&news(&t, "customer.subscription.updated")).await.assert_outcome("applied");
    assert_eq!(shown(&t).await, Value::Null);
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "enterprise");
}
