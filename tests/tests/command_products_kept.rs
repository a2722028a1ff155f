//! `billing products`: what a new price takes over from the one it replaces, and what a product keeps.

use cli::commands::doctor;
use cli::commands::products::{self, Args, Done, ProductsReport};
use serde_json::{Value, json};
use tests::TestApp;

const APPLY: Args = Args { dry_run: false };
const KEY: &str = "promptforge_pro_month";

fn post(t: &TestApp, kind: &str, id: &Value, params: Value) -> Value {
    t.stripe.call("POST", &format!("/v1/{kind}/{}", id.as_str().unwrap()), &params).unwrap()
}

fn price(t: &TestApp) -> Value {
    let query = json!({ "lookup_keys": [KEY], "expand": ["data.currency_options"] });
    t.stripe.call("GET", "/v1/prices", &query).unwrap()["data"][0].clone()
}

async fn charge(t: &TestApp, cents: i32) {
    let sql = format!("update plans set price_month_cents = {cents} where plan_code = 'pro'");
    t.db.batch_execute(&sql).await.unwrap();
}

fn line(report: &ProductsReport) -> Done {
    report.prices.iter().find(|line| line.lookup_key == KEY).unwrap().done
}

#[tokio::test]
async fn a_new_price_takes_over_all_that_the_table_says_nothing_about() {
    let t = TestApp::start().await;
    let first = price(&t);
    // By hand: the price that is sold, with all that the Dashboard offers.
    let made = json!({
        "product": first["product"], "currency": "usd", "unit_amount": 4900, "lookup_key": KEY,
        "transfer_lookup_key": true, "nickname": "Pro, list price", "tax_behavior": "exclusive",
        "recurring": { "interval": "month", "trial_period_days": 10 },
        "metadata": { "plan_code": "pro", "seats_per_unit": "2", "owner": "sales" },
        "currency_options": {
            "eur": { "unit_amount": 4500, "tax_behavior": "inclusive" }, "gbp": { "unit_amount": 3900 },
        },
    });
    t.stripe.call("POST", "/v1/prices", &made).unwrap();
    let old = price(&t);
    charge(&t, 5900).await;
    let report = products::run(APPLY, &t.operator()).await.unwrap();
    assert_eq!(line(&report), Done::Replaced);
    assert!(report.warnings.iter().any(|warning| warning.contains("eur and gbp")), "{report}");
    let new = price(&t);
    assert_ne!(new["id"], old["id"]);
    assert_eq!(new["unit_amount"], 5900);
    for kept in ["nickname", "tax_behavior", "recurring"] {
        assert_eq!(new[kept], old[kept], "{kept}");
    }
    for (name, value) in old["metadata"].as_object().unwrap() {
        assert_eq!(new["metadata"][name], *value, "{name}");
    }
    for currency in ["eur", "gbp"] {
        assert_eq!(new["currency_options"][currency], old["currency_options"][currency], "{currency}");
    }
    assert_eq!(new["currency_options"]["usd"]["unit_amount"], 5900);
    assert!(!products::run(APPLY, &t.operator()).await.unwrap().has_changes());
}

#[tokio::test]
async fn two_runs_at_once_still_make_one_price() {
    let t = TestApp::start().await;
    let options = json!({ "eur": { "unit_amount": 4500 }, "gbp": { "unit_amount": 3900 } });
    let more = json!({ "currency_options": options, "metadata": { "a": "1", "b": "2" } });
    post(&t, "prices", &price(&t)["id"], more);
    charge(&t, 5900).await;
    let count = || {
        let prices = t.stripe.call("GET", "/v1/prices", &json!({ "limit": 100 })).unwrap();
        prices["data"].as_array().unwrap().len()
    };
    let before = count();
    let (one, other) = (t.operator(), t.operator());
    let (first, second) = tokio::join!(products::run(APPLY, &one), products::run(APPLY, &other));
    first.unwrap();
    second.unwrap();
    assert_eq!(count(), before + 1);
}

#[tokio::test]
async fn a_currency_that_becomes_the_plans_own_is_no_option_any_more() {
    let t = TestApp::start().await;
    let options = json!({ "currency_options": { "eur": { "unit_amount": 4500 } } });
    post(&t, "prices", &price(&t)["id"], options);
    t.db.batch_execute("update plans set currency = 'eur' where plan_code = 'pro'").await.unwrap();
    let report = products::run(APPLY, &t.operator()).await.unwrap();
    assert_eq!((line(&report), report.warnings.len()), (Done::Replaced, 0));
    let new = price(&t);
    assert_eq!(new["currency"], "eur");
    assert_eq!(new["currency_options"].as_object().unwrap().keys().collect::<Vec<_>>(), ["eur"]);
}

#[tokio::test]
async fn a_product_keeps_what_is_not_the_tables() {
    let t = TestApp::start().await;
    let product = price(&t)["product"].clone();
    let by_hand = json!({
        "name": "Another name", "description": "All of it", "metadata": { "owner": "sales" },
        "unit_label": "seat", "statement_descriptor": "PROMPTFORGE", "tax_code": "txcd_10103001",
    });
    let before = post(&t, "products", &product, by_hand);
    let report = products::run(APPLY, &t.operator()).await.unwrap();
    let changed = report.products.iter().find(|line| line.product.as_deref() == product.as_str()).unwrap();
    assert_eq!(changed.changes, ["name"]);
    let path = format!("/v1/products/{}", product.as_str().unwrap());
    let now = t.stripe.call("GET", &path, &json!({})).unwrap();
    for kept in ["description", "metadata", "unit_label", "statement_descriptor", "tax_code"] {
        assert_eq!(now[kept], before[kept], "{kept}");
    }
    assert_eq!(now["metadata"], json!({ "plan_code": "pro", "owner": "sales" }));
}

#[tokio::test]
async fn an_active_price_of_an_archived_product_is_said_and_put_right() {
    let t = TestApp::start().await;
    let product = price(&t)["product"].clone();
    let id = product.as_str().unwrap();
    post(&t, "products", &product, json!({ "active": false }));
    let refused = t.checkout_plan("pro", "month").await;
    assert_eq!(refused.status, 502, "{}", refused.body);

    let report = doctor::run(doctor::Args::default(), &t.operator()).await.unwrap();
    let said = report.checks.iter().find(|check| check.check == "prices").unwrap();
    assert_eq!(said.found, format!("{id}, the product of pro, is archived: nobody can buy it"));

    let preview = products::run(Args { dry_run: true }, &t.operator()).await.unwrap().to_string();
    assert!(
        preview.contains("would be updated (active): it was archived, and nobody could buy it"),
        "{preview}"
    );
    products::run(APPLY, &t.operator()).await.unwrap();
    assert_eq!(t.checkout_plan("pro", "month").await.status, 200);
    let report = doctor::run(doctor::Args::default(), &t.operator()).await.unwrap();
    let said = report.checks.iter().find(|check| check.check == "prices").unwrap();
    assert!(said.found.contains("there, with the right amounts"), "{said:?}");
}
