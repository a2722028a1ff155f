//! POST /api/webhooks/stripe: how much an organization has of what it pays for.

use serde_json::{Value, json};
use tests::said::{item, item_with, said};
use tests::{TestApp, users};

/// Unix seconds, before every clock of a test.
const AT: i64 = 1_790_000_000;

async fn answer(t: &TestApp) -> Value {
    t.entitlements(users::OWNER, &t.org).await.body.clone()
}

#[tokio::test]
async fn a_further_subscription_adds_its_seats_whatever_its_size() {
    let t = TestApp::start().await;
    let ten = [item("promptforge_enterprise_month", 10)];
    t.say(&said(AT).of("sub_a", "cus_1").named(&t.org).items(&ten)).await.assert_outcome("applied");
    assert_eq!(answer(&t).await["seats"], 50);
    let one = [item("promptforge_enterprise_year", 1)];
    t.say(&said(AT + 9).of("sub_b", "cus_1").named(&t.org).items(&one)).await.assert_outcome("applied");
    assert_eq!(answer(&t).await["seats"], 55);
    t.say(&said(AT + 20).of("sub_c", "cus_1").named(&t.org)).await.assert_outcome("applied");
    let all = answer(&t).await;
    assert_eq!((&all["planCode"], &all["seats"]), (&json!("enterprise"), &json!(56)));
    t.say(&said(AT + 30).of("sub_a", "cus_1").named(&t.org).status("canceled"))
        .await
        .assert_outcome("applied");
    assert_eq!(answer(&t).await["seats"], 6);
}

#[tokio::test]
async fn every_item_of_a_subscription_counts() {
    let t = TestApp::start().await;
    let seats = item_with("price_seats", json!({ "seats_per_unit": "1" }), 7);
    let items = [item("promptforge_enterprise_month", 1), seats, item("promptforge_pro_month", 2)];
    t.say(&said(AT).named(&t.org).items(&items)).await.assert_outcome("applied");
    let all = answer(&t).await;
    assert_eq!((&all["planCode"], &all["seats"]), (&json!("enterprise"), &json!(5 + 7 + 2)));
    assert_eq!(all["entitlements"]["hasWhiteLabel"], true, "seats of no plan take no flag away");
    assert_eq!(t.value("select unknown_price from subscriptions").await, "");
}

#[tokio::test]
async fn extra_seats_may_be_bought_by_a_subscription_of_their_own() {
    let t = TestApp::start().await;
    let seats = [item_with("price_seats", json!({ "seats_per_unit": "5" }), 2)];
    t.say(&said(AT).of("sub_s", "cus_1").named(&t.org).items(&seats)).await.assert_outcome("applied");
    assert_eq!(answer(&t).await["seats"], 11, "one that everybody has, and ten");
    t.say(&said(AT + 9).of("sub_p", "cus_1").named(&t.org)).await.assert_outcome("applied");
    assert_eq!(answer(&t).await["seats"], 11, "one of pro, and ten");
}

#[tokio::test]
async fn a_quantity_of_zero_grants_nothing() {
    let t = TestApp::start().await;
    let none = [item("promptforge_enterprise_month", 0)];
    t.say(&said(AT).named(&t.org).items(&none)).await.assert_outcome("applied");
    let nothing = answer(&t).await;
    assert_eq!(
        (&nothing["planCode"], &nothing["seats"], &nothing["status"], &nothing["reason"]),
        (&json!("pilot"), &json!(1), &json!("active"), &json!("quantity_zero"))
    );
    let some = [item("promptforge_enterprise_month", 0), item("promptforge_pro_month", 3)];
    t.say(&said(AT + 9).named(&t.org).items(&some)).await.assert_outcome("applied");
    let pro = answer(&t).await;
    assert_eq!((&pro["planCode"], &pro["seats"], &pro["reason"]), (&json!("pro"), &json!(3), &json!(null)));
}

#[tokio::test]
async fn seats_that_cannot_be_read_count_for_nothing_and_are_recorded() {
    let t = TestApp::start().await;
    let seats = item_with("price_seats", json!({ "seats_per_unit": "five" }), 2);
    let items = [item("promptforge_pro_month", 1), seats];
    t.say(&said(AT).named(&t.org).items(&items)).await.assert_outcome("applied");
    assert_eq!(answer(&t).await["seats"], 1);
    let told = "select telemetry ->> 'unreadable' from runs where kind = 'addon_unreadable'";
    assert_eq!(t.value(told).await, "seats_per_unit");
}

#[tokio::test]
async fn a_recurring_add_on_lasts_as_long_as_its_item() {
    let t = TestApp::start().await;
    let addon = item_with("price_api", json!({ "addon_flags": "hasAPI, hasNoSuch" }), 1);
    let with = [item("promptforge_pro_month", 1), addon];
    t.say(&said(AT).named(&t.org).items(&with)).await.assert_outcome("applied");
    let granted = answer(&t).await;
    assert_eq!((&granted["planCode"], &granted["entitlements"]["hasAPI"]), (&json!("pro"), &json!(true)));
    t.say(&said(AT + 9).named(&t.org)).await.assert_outcome("applied");
    assert_eq!(answer(&t).await["entitlements"]["hasAPI"], false);
    let trail = "select string_agg(concat_ws(' ', kind, telemetry ->> 'from', telemetry ->> 'to',
        telemetry ->> 'unreadable'), ', ' order by id) from runs
        where kind like 'addon%' or kind = 'plan_changed'";
    assert_eq!(
        t.value(trail).await,
        "addon_unreadable hasNoSuch, plan_changed pilot pro, addon_granted hasAPI, addon_ended hasAPI"
    );
}

#[tokio::test]
async fn an_add_on_alone_is_no_plan_and_says_so() {
    let t = TestApp::start().await;
    let addon = [item_with("price_api", json!({ "addon_flags": "hasAPI" }), 1)];
    t.say(&said(AT).named(&t.org).items(&addon)).await.assert_outcome("applied");
    let alone = answer(&t).await;
    assert_eq!(
        (&alone["planCode"], &alone["status"], &alone["reason"], &alone["entitlements"]["hasAPI"]),
        (&json!("pilot"), &json!("active"), &json!("addon_only"), &json!(true))
    );
    assert_eq!(t.checkout_plan("pro", "month").await.status, 200, "a plan may be bought beside it");
}
