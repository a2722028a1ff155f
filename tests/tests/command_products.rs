//! `billing products`.

use cli::commands::products::{self, Args, Done};
use cli::outcome::{Code, Failure};
use serde_json::{Value, json};
use stripe_emulator::Fault;
use tests::TestApp;

const APPLY: Args = Args { dry_run: false };
const DRY_RUN: Args = Args { dry_run: true };

/// The writing calls to Stripe so far.
fn writes(t: &TestApp) -> usize {
    t.stripe.requests().iter().filter(|request| request.method != "GET").count()
}

fn price(t: &TestApp, lookup_key: &str) -> Value {
    let found = t.stripe.call("GET", "/v1/prices", &json!({ "lookup_keys": [lookup_key] })).unwrap();
    assert_eq!(found["data"].as_array().unwrap().len(), 1, "{found}");
    found["data"][0].clone()
}

fn get(t: &TestApp, kind: &str, id: &Value) -> Value {
    t.stripe.call("GET", &format!("/v1/{kind}/{}", id.as_str().unwrap()), &json!({})).unwrap()
}

fn post(t: &TestApp, kind: &str, id: &Value, change: Value) {
    t.stripe.call("POST", &format!("/v1/{kind}/{}", id.as_str().unwrap()), &change).unwrap();
}

fn done(report: &products::ProductsReport, lookup_key: &str) -> Done {
    report.prices.iter().find(|line| line.lookup_key == lookup_key).unwrap().done
}

async fn charge(t: &TestApp, cents: i32) {
    let sql = format!("update plans set price_month_cents = {cents} where plan_code = 'pro'");
    t.db.batch_execute(&sql).await.unwrap();
}

#[tokio::test]
async fn three_products_and_five_prices_are_made_and_a_second_run_changes_nothing() {
    // TestApp has run it once.
    let t = TestApp::start().await;
    let before = writes(&t);
    assert_eq!(before, 8);
    let report = products::run(APPLY, &t.operator()).await.unwrap();
    assert_eq!(writes(&t), before);
    let keys: Vec<_> =
        report.prices.iter().map(|line| (line.lookup_key.as_str(), line.unit_amount)).collect();
    let expected = [
        ("promptforge_pilot_month", 0),
        ("promptforge_pro_month", 4900),
        ("promptforge_pro_year", 49000),
        ("promptforge_enterprise_month", 29900),
        ("promptforge_enterprise_year", 299_000),
    ];
    assert_eq!(keys, expected);
    assert!(!report.has_changes() && report.warnings.is_empty(), "{report}");
    let year = price(&t, "promptforge_enterprise_year");
    assert_eq!(
        (&year["metadata"]["plan_code"], &year["recurring"]["interval"]),
        (&json!("enterprise"), &json!("year"))
    );
    let product = get(&t, "products", &year["product"]);
    assert_eq!(
        (&product["name"], &product["metadata"]["plan_code"]),
        (&json!("PromptForge Enterprise"), &json!("enterprise"))
    );
}

#[tokio::test]
async fn a_changed_amount_moves_the_lookup_key_and_leaves_subscriptions_untouched() {
    let t = TestApp::start().await;
    let id = t.buy("pro", "month").await;
    let old = price(&t, "promptforge_pro_month");
    charge(&t, 5900).await;
    let preview = products::run(DRY_RUN, &t.operator()).await.unwrap();
    assert_eq!(done(&preview, "promptforge_pro_month"), Done::Replaced);
    assert_eq!(price(&t, "promptforge_pro_month")["id"], old["id"]);
    let report = products::run(APPLY, &t.operator()).await.unwrap();
    assert_eq!(done(&report, "promptforge_pro_month"), Done::Replaced);
    assert_eq!(report.prices.iter().filter(|line| line.done != Done::Unchanged).count(), 1);
    let new = price(&t, "promptforge_pro_month");
    assert_eq!((&new["unit_amount"], &new["product"]), (&json!(5900), &old["product"]));
    let archived = get(&t, "prices", &old["id"]);
    assert_eq!((&archived["active"], &archived["lookup_key"]), (&json!(false), &Value::Null));
    let kept = t.stripe.subscription(&id).unwrap()["items"]["data"][0].clone();
    assert_eq!(
        (&kept["price"]["id"], &kept["price"]["unit_amount"], &kept["quantity"]),
        (&old["id"], &json!(4900), &json!(1))
    );
    assert!(t.changes_at_stripe().iter().all(|call| !call.contains("/v1/subscriptions")));
    assert!(!products::run(APPLY, &t.operator()).await.unwrap().has_changes());
    // And back again within the day that Stripe remembers idempotency keys for.
    charge(&t, 4900).await;
    products::run(APPLY, &t.operator()).await.unwrap();
    charge(&t, 5900).await;
    products::run(APPLY, &t.operator()).await.unwrap();
    let last = price(&t, "promptforge_pro_month");
    assert_eq!((&last["unit_amount"], &last["active"]), (&json!(5900), &json!(true)));
}

#[tokio::test]
async fn a_price_that_its_product_shows_first_can_be_replaced() {
    let t = TestApp::start().await;
    let old = price(&t, "promptforge_pro_month");
    post(&t, "products", &old["product"], json!({ "default_price": old["id"] }));
    charge(&t, 5900).await;
    products::run(APPLY, &t.operator()).await.unwrap();
    assert_eq!(get(&t, "prices", &old["id"])["active"], false);
    let new = price(&t, "promptforge_pro_month");
    assert_eq!(get(&t, "products", &old["product"])["default_price"], new["id"]);
}

#[tokio::test]
async fn a_run_that_stopped_in_the_middle_is_finished_by_the_next() {
    let t = TestApp::start().await;
    let old = price(&t, "promptforge_pro_month");
    charge(&t, 5900).await;
    let path = format!("/v1/prices/{}", old["id"].as_str().unwrap());
    t.stripe.fail(Fault { method: Some("POST".into()), path_prefix: path, status: 402, ..Fault::default() });
    let error = products::run(APPLY, &t.operator()).await.unwrap_err();
    assert_eq!(error.code(), Code::StripeRefused);
    assert_eq!(get(&t, "prices", &old["id"])["active"], true);
    let report = products::run(APPLY, &t.operator()).await.unwrap();
    assert_eq!(done(&report, "promptforge_pro_month"), Done::Updated);
    assert_eq!(get(&t, "prices", &old["id"])["active"], false);
    assert!(!products::run(APPLY, &t.operator()).await.unwrap().has_changes());
}

#[tokio::test]
async fn a_lost_answer_and_two_runs_at_once_make_nothing_twice() {
    let t = TestApp::start_with(&[("STRIPE_SECRET_KEY", "")]).await;
    t.stripe.fail(Fault {
        method: Some("POST".into()),
        path_prefix: "/v1/p".into(),
        status: 0,
        times: 3,
        ..Fault::default()
    });
    let (one, other) = (t.operator(), t.operator());
    let (first, second) = tokio::join!(products::run(APPLY, &one), products::run(APPLY, &other));
    first.unwrap();
    second.unwrap();
    let count = |path: &str| {
        t.stripe.call("GET", path, &json!({ "limit": 100 })).unwrap()["data"].as_array().unwrap().len()
    };
    assert_eq!((count("/v1/products"), count("/v1/prices")), (3, 5));
    charge(&t, 5900).await;
    let (first, second) = tokio::join!(products::run(APPLY, &one), products::run(APPLY, &other));
    // Either may be the one that replaces it.
    let done = [first, second].map(|report| done(&report.unwrap(), "promptforge_pro_month"));
    assert!(done.contains(&Done::Replaced), "{done:?}");
    assert_eq!((count("/v1/products"), count("/v1/prices")), (3, 6));
}

#[tokio::test]
async fn what_is_archived_renamed_or_unnamed_is_put_right() {
    let t = TestApp::start().await;
    let pro = price(&t, "promptforge_pro_month");
    post(&t, "prices", &pro["id"], json!({ "active": false, "metadata": { "plan_code": "" } }));
    post(
        &t,
        "products",
        &pro["product"],
        json!({ "active": false, "name": "Pro", "metadata": { "plan_code": "" } }),
    );
    let report = products::run(APPLY, &t.operator()).await.unwrap();
    let line =
        report.products.iter().find(|line| line.product.as_deref() == pro["product"].as_str()).unwrap();
    assert_eq!((line.done, line.changes.join(" ")), (Done::Updated, "name metadata active".to_owned()));
    assert_eq!(done(&report, "promptforge_pro_month"), Done::Updated);
    let product = get(&t, "products", &pro["product"]);
    assert_eq!(
        (&product["active"], &product["name"], &product["metadata"]["plan_code"]),
        (&json!(true), &json!("PromptForge Pro"), &json!("pro"))
    );
    let again = price(&t, "promptforge_pro_month");
    assert_eq!(
        (&again["id"], &again["active"], &again["metadata"]["plan_code"]),
        (&pro["id"], &json!(true), &json!("pro"))
    );
}

#[tokio::test]
async fn a_price_that_lost_its_lookup_key_is_made_anew_within_the_day() {
    let t = TestApp::start().await;
    let old = price(&t, "promptforge_pro_year");
    post(&t, "prices", &old["id"], json!({ "lookup_key": "" }));
    // Stripe would repeat its answer to the first creation.
    let report = products::run(APPLY, &t.operator()).await.unwrap();
    assert_eq!(done(&report, "promptforge_pro_year"), Done::Created);
    assert_ne!(price(&t, "promptforge_pro_year")["id"], old["id"]);
}

#[tokio::test]
async fn two_products_of_one_plan_are_told_and_a_negotiated_price_is_left_alone() {
    let t = TestApp::start().await;
    let pro = price(&t, "promptforge_pro_month");
    let rival = json!({ "name": "Another Pro", "metadata": { "plan_code": "pro" } });
    let rival = t.stripe.call("POST", "/v1/products", &rival).unwrap();
    let negotiated = json!({
        "product": pro["product"], "currency": "usd", "unit_amount": 3900,
        "recurring": { "interval": "month" },
        "metadata": { "plan_code": "pro" },
    });
    let negotiated = t.stripe.call("POST", "/v1/prices", &negotiated).unwrap();
    charge(&t, 5900).await;
    let report = products::run(APPLY, &t.operator()).await.unwrap();
    assert_eq!(report.warnings.len(), 1);
    assert!(report.warnings[0].starts_with(rival["id"].as_str().unwrap()), "{report}");
    assert_eq!(get(&t, "prices", &negotiated["id"])["active"], true);
    assert_eq!(price(&t, "promptforge_pro_month")["product"], pro["product"]);
}

#[tokio::test]
async fn many_products_are_read_page_by_page() {
    let t = TestApp::start().await;
    for number in 0..230 {
        t.stripe.call("POST", "/v1/products", &json!({ "name": format!("Other {number}") })).unwrap();
    }
    assert!(!products::run(APPLY, &t.operator()).await.unwrap().has_changes());
    let pages = t
        .stripe
        .requests()
        .iter()
        .filter(|r| r.path == "/v1/products" && r.params["starting_after"] != Value::Null)
        .count();
    assert_eq!(pages, 2);
}

#[tokio::test]
async fn without_configuration_database_or_stripe_nothing_is_done() {
    let t = TestApp::start_with(&[("STRIPE_SECRET_KEY", "")]).await;
    let database = "postgres://postgres@127.0.0.1:1/none";
    for (variables, expected, code) in [
        (
            vec![("STRIPE_SECRET_KEY", ""), ("DATABASE_URL", "")],
            "DATABASE_URL is not set",
            Code::NotConfigured,
        ),
        (vec![("STRIPE_SECRET_KEY", "pk_test_1")], "STRIPE_SECRET_KEY must be", Code::NotConfigured),
        (vec![("DATABASE_URL", database)], "The database cannot be reached", Code::DatabaseUnreachable),
        (
            vec![("STRIPE_API_BASE", "http://127.0.0.1:1")],
            "Stripe cannot be reached",
            Code::StripeUnreachable,
        ),
        (vec![("STRIPE_SECRET_KEY", "sk_test_other")], "Stripe does not accept the key", Code::StripeRefused),
    ] {
        let error = products::run(APPLY, &t.operator_with(&variables)).await.unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
        assert_eq!(error.code(), code);
        assert!(!error.to_string().contains("sk_test_other"));
    }
    assert_eq!(writes(&t), 0);
}

#[tokio::test]
async fn a_database_that_was_never_migrated_is_told_so() {
    let t = TestApp::start().await;
    let empty = tests::TestDatabase::create_empty().await;
    let context = t.operator_with(&[("DATABASE_URL", &empty.url("postgres"))]);
    let error = products::run(APPLY, &context).await.unwrap_err();
    assert_eq!(error.code(), Code::DatabaseRefused);
    assert!(error.to_string().ends_with("Run billing migrate first."), "{error}");
}
