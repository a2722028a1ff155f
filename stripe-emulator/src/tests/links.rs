//! Payment links: whoever has the address buys, and writes into it what they like.

use serde_json::{Value, json};

use super::portal::id;
use super::stories::{emulator, price, types};
use crate::Emulator;

fn link(emulator: &Emulator, price: &Value, more: Value) -> Value {
    let mut params = json!({ "line_items": [{ "price": price["id"], "quantity": 1 }] });
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    emulator.call("POST", "/v1/payment_links", &params).unwrap()
}

fn once(emulator: &Emulator) -> Value {
    let params = json!({ "currency": "usd", "unit_amount": 900, "product_data": { "name": "Add-on" } });
    emulator.call("POST", "/v1/prices", &params).unwrap()
}

#[tokio::test]
async fn a_visitor_becomes_a_new_customer_whose_subscription_has_the_links_metadata_alone() {
    let emulator = emulator().await;
    let metadata =
        json!({ "metadata": { "from": "link" }, "subscription_data": { "metadata": { "to": "sub" } } });
    let link = link(&emulator, &price(&emulator, "pro", 4900), metadata);
    let victim = "0a7f6f0e-1111-4222-8333-444455556666";
    let session = emulator.open_payment_link(&id(&link), Some(victim)).unwrap();
    assert_eq!((&session["client_reference_id"], &session["customer"]), (&json!(victim), &Value::Null));
    assert_eq!((&session["metadata"], &session["payment_link"]), (&json!({ "from": "link" }), &link["id"]));
    let paid = emulator.pay_checkout_session(&id(&session)).unwrap();
    let subscription = emulator.subscription(paid["subscription"].as_str().unwrap()).unwrap();
    assert_eq!(subscription["metadata"], json!({ "to": "sub" }));
    assert_eq!(subscription["customer"], paid["customer"]);
    let again = emulator.open_payment_link(&id(&link), Some(victim)).unwrap();
    let again = emulator.pay_checkout_session(&id(&again)).unwrap();
    assert_ne!(again["customer"], paid["customer"], "nobody is known again");
    assert!(types(&emulator).contains(&"checkout.session.completed".to_owned()));
}

#[tokio::test]
async fn a_link_without_metadata_makes_a_subscription_without_any() {
    let emulator = emulator().await;
    let link = link(&emulator, &price(&emulator, "pro", 4900), json!({}));
    let session = emulator.open_payment_link(&id(&link), None).unwrap();
    let paid = emulator.pay_checkout_session(&id(&session)).unwrap();
    assert_eq!((&paid["metadata"], &paid["client_reference_id"]), (&json!({}), &Value::Null));
    let subscription = emulator.subscription(paid["subscription"].as_str().unwrap()).unwrap();
    assert_eq!(subscription["metadata"], json!({}));
}

#[tokio::test]
async fn a_one_time_link_is_paid_by_a_guest_or_makes_a_customer() {
    let emulator = emulator().await;
    let once = once(&emulator);
    let data = json!({ "payment_intent_data": { "metadata": { "order": "7" } } });
    let guest = link(&emulator, &once, data);
    let paid = emulator.open_payment_link(&id(&guest), Some("org-1")).unwrap();
    let paid = emulator.pay_checkout_session(&id(&paid)).unwrap();
    assert_eq!((&paid["mode"], &paid["customer"]), (&json!("payment"), &Value::Null));
    assert_eq!(emulator.charge_of(&id(&paid)).unwrap()["metadata"], json!({ "order": "7" }));
    let known = link(&emulator, &once, json!({ "customer_creation": "always" }));
    let paid = emulator.open_payment_link(&id(&known), None).unwrap();
    assert!(emulator.pay_checkout_session(&id(&paid)).unwrap()["customer"].is_string());
}

#[tokio::test]
async fn the_address_opens_a_checkout_page_and_hands_its_reference_on() {
    let emulator = emulator().await;
    let link = link(&emulator, &price(&emulator, "pro", 4900), json!({}));
    let url = link["url"].as_str().unwrap();
    let newest = || {
        let sessions = emulator.call("GET", "/v1/checkout/sessions", &json!({})).unwrap();
        sessions["data"][0].clone()
    };
    let query = "client_reference_id=org_7&prefilled_email=eve%40example.com";
    let page = reqwest::get(format!("{url}?{query}")).await.unwrap();
    assert!(page.url().path().starts_with("/c/pay/cs_test_"), "{}", page.url());
    assert!(page.text().await.unwrap().contains("eve@example.com"));
    let session = newest();
    assert_eq!(session["client_reference_id"], "org_7");
    let pay = format!("{}/c/pay/{}/pay", emulator.url(), id(&session));
    let done = reqwest::Client::new().post(pay).send().await.unwrap().text().await.unwrap();
    assert!(done.contains("This checkout is complete"), "{done}");
    let customer = newest()["customer"].as_str().unwrap().to_owned();
    let customer = emulator.call("GET", &format!("/v1/customers/{customer}"), &json!({})).unwrap();
    assert_eq!(customer["email"], "eve@example.com");
    // What Stripe does not take as a reference it drops.
    for odd in ["a%2Fb", "%C3%A4", "", &"x".repeat(201)] {
        reqwest::get(format!("{url}?client_reference_id={odd}")).await.unwrap();
        assert_eq!(newest()["client_reference_id"], Value::Null, "{odd}");
    }
}

#[tokio::test]
async fn a_link_that_is_deactivated_or_sells_what_is_archived_opens_no_session() {
    let emulator = emulator().await;
    let pro = price(&emulator, "pro", 4900);
    let link = link(&emulator, &pro, json!({}));
    let url = link["url"].as_str().unwrap();
    let path = format!("/v1/payment_links/{}", id(&link));
    emulator.call("POST", &path, &json!({ "active": false, "inactive_message": "Sold out." })).unwrap();
    assert!(reqwest::get(url).await.unwrap().text().await.unwrap().contains("Sold out."));
    emulator.call("POST", &path, &json!({ "active": true })).unwrap();
    let product = format!("/v1/products/{}", pro["product"].as_str().unwrap());
    emulator.call("POST", &product, &json!({ "active": false })).unwrap();
    assert!(reqwest::get(url).await.unwrap().text().await.unwrap().contains("its product is not active"));
    assert_eq!(reqwest::get(format!("{}/b/none", emulator.url())).await.unwrap().status(), 404);
    let sessions = emulator.call("GET", "/v1/checkout/sessions", &json!({})).unwrap();
    assert_eq!(sessions["data"], json!([]));
}
