//! An update of a subscription whose payment fails, in each way that Stripe takes it.

use serde_json::{Value, json};

use super::portal::id;
use super::stories::{emulator, price, status, subscription, types};
use crate::Emulator;

/// A subscription to `pro` whose card declines, and the price of `team`.
async fn declining() -> (Emulator, String, Value) {
    let emulator = emulator().await;
    emulator.set_now(1_790_000_000);
    let subscription = subscription(&emulator, json!({}));
    let team = price(&emulator, "team", 29_900);
    emulator.set_card(&subscription, false).unwrap();
    emulator.advance(86_400);
    (emulator, subscription, team)
}

fn upgrade(emulator: &Emulator, subscription: &str, price: &Value, more: Value) -> crate::Answer {
    let item = emulator.subscription(subscription).unwrap()["items"]["data"][0]["id"].clone();
    let mut params = json!({
        "items": [{ "id": item, "price": price["id"], "quantity": 9 }],
        "proration_behavior": "always_invoice",
    });
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    emulator.call("POST", &format!("/v1/subscriptions/{subscription}"), &params)
}

fn item(subscription: &Value) -> (Value, i64) {
    let item = &subscription["items"]["data"][0];
    (item["price"]["lookup_key"].clone(), item["quantity"].as_i64().unwrap())
}

fn invoice(emulator: &Emulator, subscription: &Value) -> Value {
    let path = format!("/v1/invoices/{}", subscription["latest_invoice"].as_str().unwrap());
    emulator.call("GET", &path, &json!({})).unwrap()
}

#[tokio::test]
async fn by_default_the_plan_changes_and_the_subscription_is_past_due() {
    let (emulator, subscription, _) = declining().await;
    let before = emulator.subscription(&subscription).unwrap();
    let after = emulator.upgrade(&subscription, "team", 9).unwrap();
    assert_eq!(item(&after), (json!("team"), 9));
    assert_eq!(after["status"], "past_due");
    assert_eq!(
        after["items"]["data"][0]["current_period_end"],
        before["items"]["data"][0]["current_period_end"]
    );
    let open = invoice(&emulator, &after);
    assert_eq!((&open["status"], &open["billing_reason"]), (&json!("open"), &json!("subscription_update")));
    assert_eq!(open["lines"]["data"][0]["parent"]["subscription_item_details"]["proration"], true);
    assert!(types(&emulator).contains(&"invoice.payment_failed".to_owned()));
    let paid = emulator.pay_open_invoice(&subscription).unwrap();
    assert_eq!((&paid["status"], item(&paid)), (&json!("active"), (json!("team"), 9)));
}

#[tokio::test]
async fn a_card_that_works_pays_the_upgrade_at_once() {
    let (emulator, subscription, _) = declining().await;
    emulator.set_card(&subscription, true).unwrap();
    let after = emulator.upgrade(&subscription, "team", 2).unwrap();
    assert_eq!(
        (&after["status"], invoice(&emulator, &after)["status"].as_str()),
        (&json!("active"), Some("paid"))
    );
}

#[tokio::test]
async fn error_if_incomplete_changes_nothing() {
    let (emulator, subscription, team) = declining().await;
    let (before, told) = (emulator.subscription(&subscription), types(&emulator).len());
    let refused =
        upgrade(&emulator, &subscription, &team, json!({ "payment_behavior": "error_if_incomplete" }));
    let refused = refused.unwrap_err();
    assert_eq!((refused.status, refused.code), (402, Some("card_declined")));
    assert_eq!((emulator.subscription(&subscription), types(&emulator).len()), (before, told));
}

#[tokio::test]
async fn default_incomplete_changes_the_plan_and_waits_for_the_customer() {
    let (emulator, subscription, team) = declining().await;
    emulator.set_card(&subscription, true).unwrap();
    let waits = json!({ "payment_behavior": "default_incomplete" });
    let after = upgrade(&emulator, &subscription, &team, waits).unwrap();
    assert_eq!((&after["status"], item(&after)), (&json!("past_due"), (json!("team"), 9)));
    assert_eq!(invoice(&emulator, &after)["attempted"], false);
    assert_eq!(emulator.pay_open_invoice(&subscription).unwrap()["status"], "active");
}

#[tokio::test]
async fn a_pending_update_counts_once_its_invoice_is_paid() {
    let (emulator, subscription, team) = declining().await;
    let pending = json!({ "payment_behavior": "pending_if_incomplete", "metadata": { "asked": "yes" } });
    let waits = upgrade(&emulator, &subscription, &team, pending).unwrap();
    assert_eq!((&waits["status"], item(&waits)), (&json!("active"), (json!("pro"), 1)));
    let held = &waits["pending_update"];
    assert_eq!(held["subscription_items"][0]["price"]["id"], team["id"]);
    assert_eq!(held["expires_at"].as_i64().unwrap(), emulator.now() + 23 * 3_600);
    assert_eq!(invoice(&emulator, &waits)["status"], "open");

    let paid = emulator.pay_open_invoice(&subscription).unwrap();
    assert_eq!((&paid["status"], item(&paid)), (&json!("active"), (json!("team"), 9)));
    assert_eq!((&paid["pending_update"], &paid["metadata"]), (&Value::Null, &json!({ "asked": "yes" })));
    assert!(types(&emulator).contains(&"customer.subscription.pending_update_applied".to_owned()));
}

#[tokio::test]
async fn a_pending_update_that_nobody_pays_is_given_up() {
    let (emulator, subscription, team) = declining().await;
    let pending = json!({ "payment_behavior": "pending_if_incomplete" });
    let waits = upgrade(&emulator, &subscription, &team, pending.clone()).unwrap();
    emulator.advance(24 * 3_600);
    let now = emulator.subscription(&subscription).unwrap();
    assert_eq!((&now["pending_update"], item(&now)), (&Value::Null, (json!("pro"), 1)));
    assert_eq!(invoice(&emulator, &waits)["status"], "void");
    assert_eq!(types(&emulator).last().unwrap(), "customer.subscription.pending_update_expired");
    let refused = upgrade(
        &emulator,
        &subscription,
        &team,
        json!({
            "payment_behavior": "pending_if_incomplete", "description": "x",
        }),
    );
    assert_eq!(refused.unwrap_err().param.as_deref(), Some("description"));
}

#[tokio::test]
async fn another_interval_is_a_period_of_its_own_that_may_wait_too() {
    let (emulator, subscription, _) = declining().await;
    let yearly = json!({
        "currency": "usd", "unit_amount": 49_000, "lookup_key": "year", "recurring": { "interval": "year" },
        "product_data": { "name": "year" },
    });
    let yearly = emulator.call("POST", "/v1/prices", &yearly).unwrap();
    let pending = json!({ "payment_behavior": "pending_if_incomplete" });
    let waits = upgrade(&emulator, &subscription, &yearly, pending).unwrap();
    assert_eq!(item(&waits), (json!("pro"), 1));
    let asked_at = emulator.now();
    emulator.advance(3_600);
    let paid = emulator.pay_open_invoice(&subscription).unwrap();
    let period = &paid["items"]["data"][0];
    assert_eq!((item(&paid), &period["current_period_start"]), ((json!("year"), 9), &json!(asked_at)));
    assert!(period["current_period_end"].as_i64().unwrap() > asked_at + 360 * 86_400);
}

#[tokio::test]
async fn a_customers_new_card_counts_for_subscriptions_without_one_of_their_own() {
    let (emulator, subscription, _) = declining().await;
    let customer = emulator.subscription(&subscription).unwrap()["customer"].as_str().unwrap().to_owned();
    let set = |method: &str| {
        let settings = json!({ "invoice_settings": { "default_payment_method": method } });
        emulator.call("POST", &format!("/v1/customers/{customer}"), &settings).unwrap();
    };
    set("pm_card_visa");
    assert_eq!(emulator.upgrade(&subscription, "team", 1).unwrap()["status"], "active");
    set("pm_card_chargeCustomerFail");
    assert_eq!(emulator.upgrade(&subscription, "team", 3).unwrap()["status"], "past_due");
    let price = emulator.subscription(&subscription).unwrap()["items"]["data"][0]["price"]["id"].clone();
    let failing = json!({ "customer": customer, "items": [{ "price": price }] });
    let second = emulator.create_subscription(&failing).unwrap();
    assert_eq!(status(&emulator, &id(&second)), "incomplete");
}

#[tokio::test]
async fn what_is_changed_of_a_price_shows_on_the_subscriptions_that_have_it() {
    let (emulator, subscription, _) = declining().await;
    let price = emulator.subscription(&subscription).unwrap()["items"]["data"][0]["price"].clone();
    let told = types(&emulator).len();
    let change = json!({ "metadata": { "plan_code": "pro" }, "nickname": "Old", "lookup_key": "old_pro" });
    emulator.call("POST", &format!("/v1/prices/{}", id(&price)), &change).unwrap();
    let now = emulator.subscription(&subscription).unwrap()["items"]["data"][0].clone();
    assert_eq!(now["price"]["metadata"], json!({ "plan_code": "pro" }));
    assert_eq!((&now["price"]["lookup_key"], &now["plan"]["nickname"]), (&json!("old_pro"), &json!("Old")));
    assert_eq!(types(&emulator)[told..], ["price.updated"]);
}
