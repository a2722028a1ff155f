//! POST /api/webhooks/stripe: which plan a price sells, whatever became of it at Stripe.

use serde_json::{Value, json};
use tests::said::{item, item_with, said};
use tests::{TestApp, users};

/// Unix seconds, before every clock of a test.
const AT: i64 = 1_790_000_000;

async fn answer(t: &TestApp) -> Value {
    t.entitlements(users::OWNER, &t.org).await.body.clone()
}

/// The plan that one subscription with this item and this metadata gives.
async fn plan_of(item: Value, metadata_plan: Option<&str>) -> (String, String) {
    let t = TestApp::start().await;
    let mut metadata = json!({ "org_id": t.org });
    if let Some(plan) = metadata_plan {
        metadata["plan_code"] = json!(plan);
    }
    t.say(&said(AT).items(&[item]).with("metadata", metadata)).await.assert_outcome("applied");
    let recorded = t.value("select count(*) from runs where kind = 'unknown_plan'").await;
    (answer(&t).await["planCode"].as_str().unwrap().to_owned(), recorded)
}

#[tokio::test]
async fn a_lookup_key_may_end_in_a_currency_or_a_version() {
    for (key, plan) in [
        ("promptforge_pro_month_eur", "pro"),
        ("promptforge_enterprise_year_2027_v2", "enterprise"),
        ("promptforge_pro_monthly", "pilot"),
        ("promptforge_pro", "pilot"),
        ("promptforge_prof_month", "pilot"),
    ] {
        assert_eq!(plan_of(item(key, 1), None).await.0, plan, "{key}");
    }
}

#[tokio::test]
async fn a_plans_name_is_read_as_people_type_it() {
    for typed in ["Pro", "pro ", " pro", "PRO", "\tpRo\n"] {
        let on_the_price = item_with("price_1", json!({ "plan_code": typed }), 1);
        assert_eq!(plan_of(on_the_price, None).await, ("pro".into(), "0".into()), "{typed:?} on the price");
        let on_the_subscription = item_with("price_1", json!({}), 1);
        let (plan, recorded) = plan_of(on_the_subscription, Some(typed)).await;
        assert_eq!((plan.as_str(), recorded.as_str()), ("pro", "1"), "{typed:?} on the subscription");
    }
}

#[tokio::test]
async fn a_subscriptions_metadata_gives_its_plan_only_if_no_price_says_otherwise() {
    assert_eq!(plan_of(item("promptforge_pro_month", 1), Some("enterprise")).await.0, "pro");
    let addon = item_with("price_1", json!({ "addon_flags": "hasAPI" }), 1);
    assert_eq!(plan_of(addon, Some("enterprise")).await.0, "pilot");
    let seats = item_with("price_1", json!({ "seats_per_unit": "1" }), 1);
    assert_eq!(plan_of(seats, Some("enterprise")).await.0, "pilot");
    assert_eq!(
        plan_of(item("something_else", 1), Some("enterprise")).await,
        ("enterprise".into(), "1".into())
    );
}

#[tokio::test]
async fn whoever_pays_keeps_the_plan_when_a_price_loses_its_name() {
    let t = TestApp::start().await;
    t.say(&said(AT).named(&t.org)).await.assert_outcome("applied");
    let mut nameless = item("promptforge_pro_month", 2);
    nameless["price"]["lookup_key"] = json!(null);
    t.say(&said(AT + 9).named(&t.org).items(&[nameless.clone()])).await.assert_outcome("applied");
    assert_eq!((&answer(&t).await["planCode"], &answer(&t).await["seats"]), (&json!("pro"), &json!(2)));
    // Another organization at the same price, of whom nothing was known.
    t.say(&said(AT).of("sub_2", "cus_2").named(&t.other_org).items(&[nameless]))
        .await
        .assert_outcome("applied");
    assert_eq!(t.entitlements(users::OUTSIDER, &t.other_org).await.text("/planCode"), "pro");
    assert_eq!(t.value("select count(*) from runs where kind = 'unknown_plan'").await, "0");
}

#[tokio::test]
async fn a_subscription_whose_items_are_gone_sells_nothing() {
    let t = TestApp::start().await;
    let at = |time| said(time).with("metadata", json!({ "org_id": t.org }));
    t.say(&at(AT).items(&[item("promptforge_pro_month", 1)])).await.assert_outcome("applied");
    assert_eq!(answer(&t).await["planCode"], "pro");
    let without = "select concat_ws(' ', r.plan_code, coalesce(r.price_id, 'none')) from subscriptions s,
        lateral (select (billing_private.snapshot_row('{\"items\": []}', s)).after.*) r";
    assert_eq!(t.value(without).await, "pilot none");
    t.say(&at(AT + 10).items(&[])).await.assert_outcome("applied");
    assert_eq!(answer(&t).await["planCode"], "pilot");
    let row =
        "select plan_code || ' ' || coalesce(price_id, 'none') || ' ' || unknown_price from subscriptions";
    assert_eq!(t.value(row).await, "pilot none none");
}

#[tokio::test]
async fn an_unknown_price_is_recorded_and_nothing_is_sold_a_second_time() {
    let t = TestApp::start().await;
    let deal = [item_with("price_deal", json!({}), 1)];
    t.say(&said(AT).named(&t.org).items(&deal)).await.assert_outcome("applied");
    let unknown = answer(&t).await;
    assert_eq!(
        (&unknown["planCode"], &unknown["status"], &unknown["reason"]),
        (&json!("pilot"), &json!("active"), &json!("unknown_price"))
    );
    let told = "select string_agg(telemetry ->> 'price', ',') from runs where kind = 'unknown_plan'";
    assert_eq!(t.value(told).await, "price_deal");
    let refused = t.checkout_plan("pro", "month").await;
    refused.assert_failure(409, "already_subscribed");
    assert!(refused.text("/error").contains("no plan is known for"), "{}", refused.body);
    // An operator says which plan it is.
    let adopt = "select billing.pf_adopt_price('price_deal', 'enterprise', 'ada')";
    assert_eq!(t.value(adopt).await, t.org);
    let known = answer(&t).await;
    assert_eq!((&known["planCode"], &known["seats"]), (&json!("enterprise"), &json!(5)));
    t.say(&said(AT + 9).named(&t.org).items(&deal)).await.assert_outcome("applied");
    assert_eq!(answer(&t).await["planCode"], "enterprise");
    assert_eq!(t.value("select count(*) from runs where kind = 'price_adopted'").await, "1");
    assert_eq!(
        t.value("select count(*) from billing.pf_adopt_price('price_deal', 'enterprise', 'ada')").await,
        "0"
    );
}

#[tokio::test]
async fn one_unknown_item_beside_a_known_one_is_recorded_too() {
    let t = TestApp::start().await;
    let items = [item("promptforge_pro_month", 1), item_with("price_deal", json!({}), 1)];
    t.say(&said(AT).named(&t.org).items(&items)).await.assert_outcome("applied");
    assert_eq!((&answer(&t).await["planCode"], &answer(&t).await["reason"]), (&json!("pro"), &json!(null)));
    assert_eq!(
        t.value("select telemetry ->> 'price' from runs where kind = 'unknown_plan'").await,
        "price_deal"
    );
}

#[tokio::test]
async fn paused_collection_and_an_interval_of_several_months_are_shown() {
    let t = TestApp::start().await;
    let mut quarterly = item("promptforge_pro_month", 1);
    quarterly["price"]["recurring"]["interval_count"] = json!(3);
    let paused = |behavior: &str| json!({ "behavior": behavior, "resumes_at": null });
    t.say(
        &said(AT).named(&t.org).items(&[quarterly.clone()]).with("pause_collection", paused("keep_as_draft")),
    )
    .await
    .assert_outcome("applied");
    let draft = answer(&t).await;
    assert_eq!(
        (&draft["planCode"], &draft["collectionPaused"], &draft["reason"]),
        (&json!("pro"), &json!(true), &json!(null))
    );
    assert_eq!((&draft["interval"], &draft["intervalCount"]), (&json!("month"), &json!(3)));
    t.say(&said(AT + 9).named(&t.org).items(&[quarterly]).with("pause_collection", paused("void")))
        .await
        .assert_outcome("applied");
    let void = answer(&t).await;
    assert_eq!(
        (&void["planCode"], &void["status"], &void["collectionPaused"], &void["reason"]),
        (&json!("pilot"), &json!("active"), &json!(true), &json!("collection_paused"))
    );
}

#[tokio::test]
async fn a_trial_that_ended_in_a_pause_locks_nobody_out_of_buying() {
    let t = TestApp::start().await;
    t.say(&said(AT).named(&t.org).status("paused").with("trial_end", json!(AT)))
        .await
        .assert_outcome("applied");
    assert_eq!(answer(&t).await["reason"], "trial_over");
    t.db.batch_execute("delete from customers").await.unwrap();
    assert_eq!(t.checkout_plan("pro", "month").await.status, 200);
}
