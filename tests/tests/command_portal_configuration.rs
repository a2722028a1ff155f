//! `billing portal-configuration`.

use cli::commands::portal_configuration::{self, Args, Done};
use cli::outcome::{Code, Failure, Report};
use serde_json::{Value, json};
use tests::TestApp;

const APPLY: Args = Args { dry_run: false };
const PATH: &str = "/v1/billing_portal/configurations";
const EXPAND: &str = "features.subscription_update.products";

async fn configurations(t: &TestApp) -> Vec<Value> {
    let (url, key) = (t.stripe.url(), t.stripe.secret_key().to_owned());
    let query = format!("{url}{PATH}?limit=100&expand[]=data.{EXPAND}");
    let answer = reqwest::Client::new().get(query).bearer_auth(key).send().await.unwrap();
    answer.json::<Value>().await.unwrap()["data"].as_array().unwrap().clone()
}

fn price(t: &TestApp, lookup_key: &str) -> Value {
    t.stripe.call("GET", "/v1/prices", &json!({ "lookup_keys": [lookup_key] })).unwrap()["data"][0].clone()
}

#[tokio::test]
async fn the_accounts_default_is_changed_and_a_second_run_changes_nothing() {
    let t = TestApp::start().await;
    let preview = portal_configuration::run(Args { dry_run: true }, &t.operator()).await.unwrap();
    assert_eq!(preview.done, Done::Updated);
    let first = portal_configuration::run(APPLY, &t.operator()).await.unwrap();
    assert_eq!((first.done, first.is_default, first.is_well()), (Done::Updated, true, true));
    let [configuration] = configurations(&t).await.try_into().unwrap();
    assert_eq!(configuration["metadata"]["managed_by"], "promptforge-billing");
    let update = &configuration["features"]["subscription_update"];
    assert_eq!(update["proration_behavior"], "always_invoice");
    assert_eq!(
        update["schedule_at_period_end"]["conditions"],
        json!([{ "type": "decreasing_item_amount" }, { "type": "shortening_interval" }])
    );
    for (plan, adjustable, minimum) in [("pro", false, Value::Null), ("enterprise", true, json!(1))] {
        let (month, year) =
            (price(&t, &format!("promptforge_{plan}_month")), price(&t, &format!("promptforge_{plan}_year")));
        let listed = update["products"]
            .as_array()
            .unwrap()
            .iter()
            .find(|listed| listed["product"] == month["product"])
            .unwrap();
        let mut prices = vec![month["id"].as_str().unwrap(), year["id"].as_str().unwrap()];
        prices.sort_unstable();
        assert_eq!(listed["prices"], json!(prices));
        assert_eq!(
            listed["adjustable_quantity"],
            json!({ "enabled": adjustable, "maximum": null, "minimum": minimum })
        );
    }
    assert_eq!(update["products"].as_array().unwrap().len(), 2);
    let second = portal_configuration::run(APPLY, &t.operator()).await.unwrap();
    assert_eq!((second.done, second.configuration), (Done::Unchanged, first.configuration));
    assert_eq!(configurations(&t).await, [configuration]);
}

#[tokio::test]
async fn what_somebody_changed_and_a_price_that_was_replaced_are_put_right() {
    let t = TestApp::start().await;
    let id = portal_configuration::run(APPLY, &t.operator()).await.unwrap().configuration.unwrap();
    let change = json!({ "features": { "subscription_cancel": { "mode": "immediately" } } });
    t.stripe.call("POST", &format!("{PATH}/{id}"), &change).unwrap();
    let repaired = portal_configuration::run(APPLY, &t.operator()).await.unwrap();
    assert_eq!(repaired.changes, ["subscription_cancel"]);
    t.db.batch_execute("update plans set price_month_cents = 5900 where plan_code = 'pro'").await.unwrap();
    cli::commands::products::run(Default::default(), &t.operator()).await.unwrap();
    let repaired = portal_configuration::run(APPLY, &t.operator()).await.unwrap();
    assert_eq!(repaired.changes, ["subscription_update"]);
    assert_eq!(portal_configuration::run(APPLY, &t.operator()).await.unwrap().done, Done::Unchanged);
}

#[tokio::test]
async fn without_a_default_one_is_made_once_and_the_operator_is_sent_to_the_dashboard() {
    let t = TestApp::start().await;
    t.stripe.unsave_portal_settings();
    let first = portal_configuration::run(APPLY, &t.operator()).await.unwrap();
    assert_eq!((first.done, first.is_default, first.is_well()), (Done::Created, false, false));
    assert!(
        first.to_string().contains("https://dashboard.stripe.com/test/settings/billing/portal"),
        "{first}"
    );
    let second = portal_configuration::run(APPLY, &t.operator()).await.unwrap();
    assert_eq!(
        (second.done, &second.configuration, second.is_well()),
        (Done::Unchanged, &first.configuration, false)
    );
    assert_eq!(configurations(&t).await.len(), 1);
}

#[tokio::test]
async fn the_emulator_refuses_what_stripe_refuses() {
    let t = TestApp::start().await;
    let pro = price(&t, "promptforge_pro_month");
    let with = |update: Value| json!({ "features": { "subscription_update": update } });
    for (params, param) in [
        (with(json!({ "enabled": true, "proration": "none" })), "features[subscription_update][proration]"),
        (with(json!({ "enabled": "perhaps" })), "features[subscription_update][enabled]"),
        (
            with(json!({ "default_allowed_updates": ["price", "plan"] })),
            "features[subscription_update][default_allowed_updates]",
        ),
        (
            with(json!({ "products": [{ "product": "prod_none", "prices": [pro["id"]] }] })),
            "features[subscription_update][products][0][product]",
        ),
        (
            with(json!({ "products": [{ "product": pro["product"], "prices": [pro["id"], pro["id"]] }] })),
            "features[subscription_update][products][0]",
        ),
        (
            json!({ "features": { "subscription_pause": { "enabled": false } } }),
            "features[subscription_pause][enabled]",
        ),
    ] {
        let error = t.stripe.call("POST", PATH, &params).unwrap_err();
        assert_eq!(error.param.as_deref(), Some(param), "{error}");
    }
}

#[tokio::test]
async fn without_prices_configuration_or_stripe_nothing_is_done() {
    let t = TestApp::start_with(&[("STRIPE_SECRET_KEY", "")]).await;
    for (variables, expected, code) in [
        (vec![], "Stripe has no active price promptforge_pro_month", Code::Failed),
        (vec![("STRIPE_SECRET_KEY", "")], "STRIPE_SECRET_KEY is not set", Code::NotConfigured),
        (vec![("STRIPE_SECRET_KEY", "sk_live_1")], "STRIPE_API_BASE is for local use", Code::NotConfigured),
        (
            vec![("STRIPE_API_BASE", "http://127.0.0.1:1")],
            "Stripe cannot be reached",
            Code::StripeUnreachable,
        ),
        (vec![("STRIPE_SECRET_KEY", "sk_test_other")], "Stripe does not accept the key", Code::StripeRefused),
    ] {
        let error = portal_configuration::run(APPLY, &t.operator_with(&variables)).await.unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
        assert_eq!(error.code(), code);
    }
    assert!(t.stripe.requests().iter().all(|request| request.method == "GET"));
}
