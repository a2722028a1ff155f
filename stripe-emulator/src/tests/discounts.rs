//! Coupons, promotion codes, and the discounts that they become.

use serde_json::{Value, json};

use super::stories::{emulator, price, subscription, types};
use crate::Emulator;

const MONTH: i64 = 31 * 86_400;

fn coupon(emulator: &Emulator, more: Value) -> String {
    emulator.call("POST", "/v1/coupons", &more).unwrap()["id"].as_str().unwrap().to_owned()
}

fn invoices(emulator: &Emulator) -> Vec<Value> {
    let invoices = emulator.call("GET", "/v1/invoices", &json!({})).unwrap();
    invoices["data"].as_array().unwrap().iter().rev().cloned().collect()
}

fn due(emulator: &Emulator) -> Vec<i64> {
    invoices(emulator).iter().map(|invoice| invoice["amount_due"].as_i64().unwrap()).collect()
}

fn discounts(emulator: &Emulator, id: &str) -> Vec<Value> {
    let path = format!("/v1/subscriptions/{id}");
    let read = emulator.call("GET", &path, &json!({ "expand": ["discounts.source.coupon"] })).unwrap();
    read["discounts"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_percentage_is_taken_off_each_invoice_until_it_ends() {
    let emulator = emulator().await;
    let coupon =
        coupon(&emulator, json!({ "percent_off": 20, "duration": "repeating", "duration_in_months": 2 }));
    let id = subscription(&emulator, json!({ "discounts": [{ "coupon": coupon }] }));
    let discount = &discounts(&emulator, &id)[0];
    assert_eq!(discount["source"]["coupon"]["percent_off"], 20.0);
    assert!(discount["end"].as_i64().unwrap() > discount["start"].as_i64().unwrap() + 58 * 86_400);
    assert_eq!(emulator.subscription(&id).unwrap()["discounts"], json!([discount["id"]]));
    emulator.advance(3 * MONTH);
    assert_eq!(due(&emulator), [3920, 3920, 4900, 4900]);
    let first = &invoices(&emulator)[0];
    let taken = json!([{ "amount": 980, "discount": discount["id"] }]);
    assert_eq!((&first["total_discount_amounts"], &first["subtotal"]), (&taken, &json!(4900)));
    assert_eq!((&first["amount_paid"], &first["total"]), (&json!(3920), &json!(3920)));
    assert_eq!(discounts(&emulator, &id), [Value::Null; 0]);
    assert!(types(&emulator).contains(&"customer.discount.deleted".to_owned()));
}

#[tokio::test]
async fn what_applies_once_is_gone_after_one_invoice() {
    let emulator = emulator().await;
    let once = coupon(&emulator, json!({ "amount_off": 500, "currency": "usd" }));
    let id = subscription(&emulator, json!({ "discounts": [{ "coupon": once }] }));
    assert_eq!(discounts(&emulator, &id), [Value::Null; 0]);
    emulator.advance(MONTH);
    assert_eq!(due(&emulator), [4400, 4900]);
    let created =
        emulator.events().into_iter().find(|event| event["type"] == "customer.subscription.created");
    assert_eq!(created.unwrap()["data"]["object"]["discounts"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn items_have_discounts_of_their_own_and_the_subscriptions_come_after() {
    let emulator = emulator().await;
    let half = coupon(&emulator, json!({ "percent_off": 50, "duration": "forever" }));
    let ten = coupon(&emulator, json!({ "percent_off": 10, "duration": "forever" }));
    let id = subscription(&emulator, json!({}));
    let item = emulator.subscription(&id).unwrap()["items"]["data"][0]["id"].clone();
    let path = format!("/v1/subscriptions/{id}");
    let change = json!({
        "items": [{ "id": item, "discounts": [{ "coupon": half }] }], "discounts": [{ "coupon": ten }],
    });
    let changed = emulator.call("POST", &path, &change).unwrap();
    assert_eq!(changed["items"]["data"][0]["discounts"].as_array().unwrap().len(), 1);
    emulator.advance(MONTH);
    assert_eq!(due(&emulator), [4900, 2205]);
    let kept = json!({ "discounts": [{ "discount": changed["discounts"][0] }, { "coupon": half }] });
    let two = emulator.call("POST", &path, &kept).unwrap();
    assert_eq!(
        (&two["discounts"][0], two["discounts"].as_array().unwrap().len()),
        (&changed["discounts"][0], 2)
    );
    let none = emulator.call("POST", &path, &json!({ "discounts": "" })).unwrap();
    assert_eq!(none["discounts"], json!([]));
    let error = emulator.call("DELETE", &format!("{path}/discount"), &json!({})).unwrap_err();
    assert_eq!(error.status, 404);
}

#[tokio::test]
async fn a_deleted_coupon_stays_where_it_was_redeemed_and_cannot_be_redeemed_again() {
    let emulator = emulator().await;
    let id = json!({ "id": "LAUNCH", "percent_off": 100, "duration": "forever" });
    let launch = coupon(&emulator, id);
    let free = subscription(&emulator, json!({ "discounts": [{ "coupon": launch }] }));
    emulator.call("DELETE", "/v1/coupons/LAUNCH", &json!({})).unwrap();
    assert_eq!(discounts(&emulator, &free)[0]["source"]["coupon"]["percent_off"], 100.0);
    emulator.advance(MONTH);
    assert_eq!(due(&emulator), [0, 0]);
    assert_eq!(emulator.call("GET", "/v1/coupons/LAUNCH", &json!({})).unwrap_err().status, 404);
    let path = format!("/v1/subscriptions/{free}");
    let again = emulator.call("POST", &path, &json!({ "discounts": [{ "coupon": launch }] })).unwrap_err();
    assert_eq!((again.status, again.param.as_deref()), (400, Some("discounts[0][coupon]")));
}

#[tokio::test]
async fn a_checkout_page_takes_the_promotion_code_that_a_person_types() {
    let emulator = emulator().await;
    let ten = coupon(&emulator, json!({ "percent_off": 10, "duration": "forever", "name": "Friends" }));
    let code =
        json!({ "promotion": { "type": "coupon", "coupon": ten }, "code": "FRIENDS", "max_redemptions": 1 });
    let code = emulator.call("POST", "/v1/promotion_codes", &code).unwrap();
    let price = price(&emulator, "pro", 4900);
    let open = |more: Value| {
        let mut session = json!({
            "mode": "subscription", "success_url": "http://app/ok",
            "line_items": [{ "price": price["id"], "quantity": 1 }],
        });
        session.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        emulator.call("POST", "/v1/checkout/sessions", &session).unwrap()
    };
    let type_code = async |session: &Value, typed: &str| {
        let url = format!("{}/promotion_code", session["url"].as_str().unwrap());
        let sent = reqwest::Client::new().post(url).form(&[("code", typed)]).send().await.unwrap();
        sent.text().await.unwrap()
    };
    let session = open(json!({ "allow_promotion_codes": true }));
    assert!(type_code(&session, "NOBODY").await.contains("This code is invalid."));
    let page = type_code(&session, "friends").await;
    assert!(page.contains("Friends") && page.contains("$44.10"), "{page}");
    let id = session["id"].as_str().unwrap();
    let paid = emulator.pay_checkout_session(id).unwrap();
    assert_eq!(paid["amount_total"], 4410);
    assert_eq!(paid["discounts"], json!([{ "coupon": ten, "promotion_code": code["id"] }]));
    let subscription = paid["subscription"].as_str().unwrap();
    assert_eq!(discounts(&emulator, subscription)[0]["promotion_code"], code["id"]);
    assert_eq!(due(&emulator), [4410]);
    // It was redeemed as often as it may be, and this session asks for none.
    assert!(type_code(&open(json!({ "allow_promotion_codes": true })), "FRIENDS").await.contains("invalid"));
    assert!(type_code(&open(json!({})), "FRIENDS").await.contains("This code is invalid."));
    let given = open(json!({ "discounts": [{ "coupon": ten }] }));
    assert_eq!(
        (&given["amount_total"], &given["total_details"]["amount_discount"]),
        (&json!(4410), &json!(490))
    );
}

#[tokio::test]
async fn coupons_that_make_no_sense_are_refused() {
    let emulator = emulator().await;
    for refused in [
        json!({}),
        json!({ "percent_off": 10, "amount_off": 1, "currency": "usd" }),
        json!({ "percent_off": 101 }),
        json!({ "amount_off": 100 }),
        json!({ "percent_off": 10, "duration": "repeating" }),
        json!({ "percent_off": 10, "duration_in_months": 3 }),
        json!({ "amount_off": 100, "currency": "usd", "duration": "forever" }),
    ] {
        assert_eq!(emulator.call("POST", "/v1/coupons", &refused).unwrap_err().status, 400, "{refused}");
    }
    let id = json!({ "id": "TWICE", "percent_off": 10 });
    coupon(&emulator, id.clone());
    let taken = emulator.call("POST", "/v1/coupons", &id).unwrap_err();
    assert_eq!(taken.code, Some("resource_already_exists"));
}

#[tokio::test]
async fn events_carry_discounts_in_the_shape_of_the_endpoints_version() {
    let emulator = emulator().await;
    let id = subscription(&emulator, json!({}));
    let ten =
        coupon(&emulator, json!({ "percent_off": 10, "duration": "repeating", "duration_in_months": 3 }));
    let path = format!("/v1/subscriptions/{id}");
    let changed = emulator.call("POST", &path, &json!({ "discounts": [{ "coupon": ten }] })).unwrap();
    let told = ["2024-06-20", "2025-06-30.basil", "2026-10-28.endive"].map(|version| {
        ["customer.discount.created", "customer.subscription.updated"].map(|kind| {
            let event = emulator.events().into_iter().rev().find(|event| event["type"] == kind).unwrap();
            emulator.event_as(event["id"].as_str().unwrap(), version).unwrap()["data"]["object"].clone()
        })
    });
    let [[old_discount, old], [basil_discount, basil], [discount, newest]] = &told;
    for subscription in [old, basil, newest] {
        assert_eq!(subscription["discounts"], changed["discounts"], "ids, unless they are expanded");
    }
    assert_eq!(old["discount"]["id"], changed["discounts"][0]);
    assert_eq!(old["discount"]["coupon"]["percent_off"], 10.0);
    assert_eq!((basil.get("discount"), newest.get("discount")), (None, None));
    for whole in [old_discount, basil_discount] {
        assert_eq!((&whole["coupon"]["id"], whole.get("source")), (&json!(ten), None));
    }
    assert_eq!((&discount["source"]["coupon"], discount.get("coupon")), (&json!(ten), None));
}

#[tokio::test]
async fn discounts_are_expanded_in_lists_and_on_items() {
    let emulator = emulator().await;
    let ten = coupon(&emulator, json!({ "percent_off": 10, "duration": "forever" }));
    let id = subscription(&emulator, json!({ "discounts": [{ "coupon": ten }] }));
    let item = emulator.subscription(&id).unwrap()["items"]["data"][0]["id"].clone();
    let change = json!({ "items": [{ "id": item, "discounts": [{ "coupon": ten }] }] });
    emulator.call("POST", &format!("/v1/subscriptions/{id}"), &change).unwrap();
    let expand = json!({ "expand": ["data.discounts.source.coupon", "data.items.data.discounts"] });
    let listed = emulator.call("GET", "/v1/subscriptions", &expand).unwrap()["data"][0].clone();
    assert_eq!(listed["discounts"][0]["source"]["coupon"]["id"], json!(ten));
    let of_item = &listed["items"]["data"][0]["discounts"][0];
    assert_eq!((&of_item["subscription_item"], &of_item["source"]["coupon"]), (&item, &json!(ten)));
}

#[tokio::test]
async fn a_discount_waits_with_an_update_whose_payment_fails() {
    let emulator = emulator().await;
    let once = coupon(&emulator, json!({ "amount_off": 1000, "currency": "usd" }));
    let id = subscription(&emulator, json!({}));
    let big = price(&emulator, "enterprise", 9900);
    let item = emulator.subscription(&id).unwrap()["items"]["data"][0]["id"].clone();
    emulator.set_card(&id, false).unwrap();
    let upgrade = json!({
        "items": [{ "id": item, "price": big["id"] }], "discounts": [{ "coupon": once }],
        "proration_behavior": "always_invoice", "payment_behavior": "pending_if_incomplete",
    });
    let waiting = emulator.call("POST", &format!("/v1/subscriptions/{id}"), &upgrade).unwrap();
    assert_eq!(waiting["discounts"], json!([]));
    assert_eq!(waiting["pending_update"]["discounts"].as_array().unwrap().len(), 1);
    assert_eq!(due(&emulator), [4900, 4000]);
    emulator.pay_open_invoice(&id).unwrap();
    let applied = emulator.subscription(&id).unwrap();
    assert_eq!(applied["items"]["data"][0]["price"]["id"], big["id"]);
    assert_eq!(applied["discounts"], json!([]), "it applied once, to that invoice");
    let told: Vec<String> =
        types(&emulator).into_iter().filter(|kind| kind.starts_with("customer.discount")).collect();
    assert_eq!(told, ["customer.discount.created", "customer.discount.deleted"]);
}
