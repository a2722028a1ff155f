//! What a checkout session takes, and what it refuses.

use serde_json::{Value, json};

use super::portal::id;
use super::stories::{emulator, price};

#[tokio::test]
async fn a_tax_id_of_a_known_customer_needs_leave_to_change_its_name() {
    let emulator = emulator().await;
    let pro = price(&emulator, "pro", 4900);
    let customer = emulator.call("POST", "/v1/customers", &json!({})).unwrap();
    let open = |more: Value| {
        let mut params = json!({
            "mode": "subscription", "success_url": "http://app/ok",
            "line_items": [{ "price": pro["id"], "quantity": 1 }],
            "tax_id_collection": { "enabled": true },
        });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        emulator.call("POST", "/v1/checkout/sessions", &params)
    };
    let refused = open(json!({ "customer": customer["id"] })).unwrap_err();
    assert!(refused.message.starts_with("Tax ID collection requires updating business name"), "{refused}");
    let known = open(json!({ "customer": customer["id"], "customer_update": { "name": "auto" } })).unwrap();
    assert_eq!(known["tax_id_collection"], json!({ "enabled": true, "required": "never" }));
    assert_eq!(open(json!({})).unwrap()["tax_id_collection"]["enabled"], true);
}

#[tokio::test]
async fn a_price_whose_product_is_archived_is_sold_to_nobody() {
    let emulator = emulator().await;
    let pro = price(&emulator, "pro", 4900);
    let path = format!("/v1/products/{}", pro["product"].as_str().unwrap());
    emulator.call("POST", &path, &json!({ "active": false })).unwrap();
    let asked = json!({ "active": true, "lookup_keys": ["pro"] });
    let listed = emulator.call("GET", "/v1/prices", &asked).unwrap();
    assert_eq!(listed["data"][0]["id"], pro["id"], "the price itself stays active");
    let lines = json!([{ "price": pro["id"], "quantity": 1 }]);
    let session = json!({ "mode": "subscription", "success_url": "http://app/ok", "line_items": lines });
    let refused = emulator.call("POST", "/v1/checkout/sessions", &session).unwrap_err();
    let sentence =
        format!("Price `{}` is not available to be purchased because its product is not active.", id(&pro));
    assert_eq!((refused.status, refused.message), (400, sentence));
    assert_eq!(refused.param.as_deref(), Some("line_items[0][price]"));
    let customer = emulator.call("POST", "/v1/customers", &json!({})).unwrap();
    let bought = json!({ "customer": customer["id"], "items": [{ "price": pro["id"] }] });
    assert!(emulator.create_subscription(&bought).unwrap_err().message.contains("is marked as inactive"));
}
