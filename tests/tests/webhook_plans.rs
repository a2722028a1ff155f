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
async fn an_add_on_beside_a_price_that_only_the_metadata_explains_takes_nothing() {
    let custom = || item_with("price_custom", json!({}), 2);
    let addon = || item_with("price_addon", json!({ "addon_flags": "hasAPI" }), 1);
    let seats = || item_with("price_seats", json!({ "seats_per_unit": "1" }), 7);
    for (items, seats) in [
        (vec![custom()], 10),
        (vec![custom(), addon()], 10),
        (vec![addon(), custom()], 10),
        (vec![seats(), custom()], 17),
    ] {
        let t = TestApp::start().await;
        let metadata = json!({ "org_id": t.org, "plan_code": "enterprise" });
        t.say(&said(AT).items(&items).with("metadata", metadata)).await.assert_outcome("applied");
        let has = answer(&t).await;
        assert_eq!((&has["planCode"], &has["seats"]), (&json!("enterprise"), &json!(seats)), "{items:?}");
        let price = t.value("select concat_ws(' ', price_id, quantity) from subscriptions").await;
        assert_eq!(price, "price_custom 2");
    }
}

#[tokio::test]
async fn of_items_that_are_paid_by_different_intervals_the_plans_own_decides_when_it_ends() {
    let at = TestApp::start().await.now() - 150 * 86_400;
    let paid = |mut item: Value, from: i64, days: i64| {
        item["current_period_start"] = json!(from);
        item["current_period_end"] = json!(from + days * 86_400);
        item
    };
    let yearly = || {
        let mut item = item("promptforge_enterprise_year", 1);
        item["price"]["recurring"]["interval"] = json!("year");
        paid(item, at, 365)
    };
    let unpaid = at + 149 * 86_400;
    let monthly = || paid(item_with("price_addon", json!({ "addon_flags": "hasAPI" }), 1), unpaid, 30);
    for items in [[yearly(), monthly()], [monthly(), yearly()]] {
        let t = TestApp::start().await;
        let state = said(unpaid).named(&t.org).items(&items);
        t.say(&state.clone().status("past_due")).await.assert_outcome("applied");
        let has = answer(&t).await;
        let ends = jiff::Timestamp::from_second(at + 365 * 86_400).unwrap().to_string();
        assert_eq!(
            [&has["planCode"], &has["interval"], &has["currentPeriodEnd"]],
            [&json!("enterprise"), &json!("year"), &json!(ends)],
            "{has}"
        );
        let grace = jiff::Timestamp::from_second(unpaid + 7 * 86_400).unwrap().to_string();
        assert_eq!(has["graceEndsAt"], grace, "the month is not paid, and began a day ago");
    }
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

#[tokio::test]
async fn what_does_not_stand_in_the_subscription_is_read_and_never_taken_for_gone() {
    let t = TestApp::start().await;
    let price = |key: &str| {
        let list = t.stripe.call("GET", "/v1/prices", &json!({ "lookup_keys": [key] })).unwrap();
        list["data"][0]["id"].clone()
    };
    let mut items: Vec<Value> = (0..11).map(|_| json!({ "price": t.deal_at_stripe(&json!({})) })).collect();
    items.push(json!({ "price": price("promptforge_enterprise_month"), "quantity": 2 }));
    let customer = t.customer_at_stripe(&json!({}));
    let made = t.stripe.create_subscription(
        &json!({ "customer": customer, "items": items, "metadata": { "org_id": t.org } }),
    );
    let made = made.unwrap();
    assert_eq!(
        (&made["items"]["has_more"], made["items"]["data"].as_array().unwrap().len()),
        (&json!(true), 10)
    );
    t.deliver_all().await;
    let has = async || {
        let has = answer(&t).await;
        (has["planCode"].clone(), has["seats"].clone())
    };
    let paid = (json!("enterprise"), json!(10));
    assert_eq!(has().await, paid);
    assert_eq!(t.value("select jsonb_array_length(items) from subscriptions").await, "12");
    // A list of Stripe's shows as little, and a sync reads a list.
    assert!(t.reconcile().await.is_well());
    assert_eq!(t.sync(users::OWNER, &json!({ "orgId": t.org })).await.text("/planCode"), "enterprise");
    assert_eq!(has().await, paid);
    t.checkout_plan("pro", "month").await.assert_failure(409, "already_subscribed");
}
