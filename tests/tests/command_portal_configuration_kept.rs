//! `billing portal-configuration`: what an operator switched on besides ours.

use cli::commands::portal_configuration::{self, Args, Done};
use serde_json::{Value, json};
use tests::TestApp;

const APPLY: Args = Args { dry_run: false };
const PATH: &str = "/v1/billing_portal/configurations";

fn post(t: &TestApp, path: &str, params: Value) -> Value {
    t.stripe.call("POST", path, &params).unwrap()
}

fn price(t: &TestApp, lookup_key: &str) -> Value {
    let found = t.stripe.call("GET", "/v1/prices", &json!({ "lookup_keys": [lookup_key] })).unwrap();
    found["data"][0].clone()
}

fn configuration(t: &TestApp) -> Value {
    let expand = json!({ "expand": ["data.features.subscription_update.products"] });
    t.stripe.call("GET", PATH, &expand).unwrap()["data"][0].clone()
}

/// What the portal lists of a price's product.
fn listed(configuration: &Value, price: &Value) -> Value {
    let products = configuration["features"]["subscription_update"]["products"].as_array().unwrap();
    products.iter().find(|listed| listed["product"] == price["product"]).cloned().unwrap_or_default()
}

/// A price by hand, with no lookup key: of a product, so much every so many months.
fn by_hand(t: &TestApp, product: &Value, months: i64) -> Value {
    let recurring = json!({ "interval": "month", "interval_count": months });
    let params = json!({
        "product": product, "currency": "usd", "unit_amount": 12_000, "recurring": recurring,
    });
    post(t, "/v1/prices", params)
}

#[tokio::test]
async fn fields_limits_prices_and_products_that_were_switched_on_stay_on() {
    let t = TestApp::start().await;
    let id = portal_configuration::run(APPLY, &t.operator()).await.unwrap().configuration.unwrap();
    let path = format!("{PATH}/{id}");
    let [pro, enterprise] = ["pro", "enterprise"].map(|plan| price(&t, &format!("promptforge_{plan}_month")));
    let quarterly = by_hand(&t, &pro["product"], 3);
    let other = post(&t, "/v1/products", json!({ "name": "Support" }));
    let support = by_hand(&t, &other["id"], 1);
    let mut products = configuration(&t)["features"]["subscription_update"]["products"].clone();
    for listed in products.as_array_mut().unwrap() {
        if listed["product"] == pro["product"] {
            listed["prices"].as_array_mut().unwrap().push(quarterly["id"].clone());
        }
        if listed["product"] == enterprise["product"] {
            listed["adjustable_quantity"] = json!({ "enabled": true, "minimum": 3, "maximum": 50 });
        }
    }
    let listing = json!({ "product": other["id"], "prices": [support["id"]] });
    products.as_array_mut().unwrap().push(listing);
    let switched_on = json!({
        "business_profile": { "headline": "Forge on" },
        "metadata": { "team": "sales" },
        "features": {
            "customer_update": { "allowed_updates": ["address", "email", "tax_id", "phone", "name"] },
            "subscription_update": {
                "default_allowed_updates": ["price", "quantity", "promotion_code"],
                "trial_update_behavior": "continue_trial",
                "products": products,
            },
        },
    });
    let changed = post(&t, &path, switched_on);
    let unchanged = portal_configuration::run(APPLY, &t.operator()).await.unwrap();
    assert_eq!((unchanged.done, &unchanged.changes), (Done::Unchanged, &Vec::new()), "{unchanged}");
    assert!(unchanged.prices.contains(&quarterly["id"].as_str().unwrap().to_owned()), "{unchanged}");

    // Something of ours is changed besides: it is put right, and the rest stays.
    post(&t, &path, json!({ "features": { "invoice_history": { "enabled": false } } }));
    let repaired = portal_configuration::run(APPLY, &t.operator()).await.unwrap();
    assert_eq!((repaired.done, repaired.changes), (Done::Updated, vec!["invoice_history".to_owned()]));
    let now = configuration(&t);
    assert_eq!(now["features"]["invoice_history"]["enabled"], true);
    for field in ["business_profile", "metadata"] {
        assert_eq!(now[field], changed[field], "{field}");
    }
    assert_eq!(now["metadata"]["team"], "sales");
    let update = &now["features"]["subscription_update"];
    assert_eq!(update["trial_update_behavior"], "continue_trial");
    assert_eq!(update["default_allowed_updates"], json!(["price", "promotion_code", "quantity"]));
    let fields = json!(["address", "email", "name", "phone", "tax_id"]);
    assert_eq!(now["features"]["customer_update"]["allowed_updates"], fields);
    assert!(listed(&now, &pro)["prices"].as_array().unwrap().contains(&quarterly["id"]));
    assert_eq!(
        listed(&now, &enterprise)["adjustable_quantity"],
        json!({ "enabled": true, "minimum": 3, "maximum": 50 })
    );
    assert_eq!(listed(&now, &support)["prices"], json!([support["id"]]));
}

#[tokio::test]
async fn a_price_that_was_archived_or_is_paid_as_often_as_ours_does_not_stay() {
    let t = TestApp::start().await;
    let id = portal_configuration::run(APPLY, &t.operator()).await.unwrap().configuration.unwrap();
    let pro = price(&t, "promptforge_pro_month");
    let (monthly, quarterly) = (by_hand(&t, &pro["product"], 1), by_hand(&t, &pro["product"], 3));
    let mine = json!([{ "product": pro["product"], "prices": [monthly["id"], quarterly["id"]] }]);
    let update = json!({ "features": { "subscription_update": { "products": mine } } });
    post(&t, &format!("{PATH}/{id}"), update);
    let path = format!("/v1/prices/{}", quarterly["id"].as_str().unwrap());
    post(&t, &path, json!({ "active": false }));
    let repaired = portal_configuration::run(APPLY, &t.operator()).await.unwrap();
    assert_eq!(repaired.changes, ["subscription_update"]);
    let prices = listed(&configuration(&t), &pro)["prices"].clone();
    let year = price(&t, "promptforge_pro_year");
    let mut expected = [pro["id"].as_str().unwrap(), year["id"].as_str().unwrap()];
    expected.sort_unstable();
    assert_eq!(prices, json!(expected));
    assert_eq!(portal_configuration::run(APPLY, &t.operator()).await.unwrap().done, Done::Unchanged);
}
