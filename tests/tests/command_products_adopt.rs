//! `billing products adopt`.

use serde_json::{Value, json};
use tests::{TestApp, users};

async fn plan(t: &TestApp) -> String {
    t.entitlements(users::OWNER, &t.org).await.text("/planCode").to_owned()
}

/// What Stripe says and what our rows say, compared by the command that an operator has for it.
async fn assert_in_step(t: &TestApp) {
    let compared = t.billing_json(0, &["backfill", "--all", "--dry-run"]).await;
    assert_eq!(compared["drifted"], json!(0), "{compared}");
}

#[tokio::test]
async fn who_pays_the_price_of_a_deal_has_its_plan_once_it_is_adopted() {
    let t = TestApp::start().await;
    let price = t.deal_at_stripe(&json!({ "recurring": { "interval": "month", "interval_count": 3 } }));
    let id = t.subscribe_at_stripe(&t.org, &json!([{ "price": price }])).await;
    assert_eq!(plan(&t).await, "pilot");
    let (rows, calls) = (t.billing_rows().await, t.changes_at_stripe());
    let adopt = ["products", "adopt", &price, "--plan", "Enterprise", "--by", "ada"];

    let preview = t.billing(&[&adopt[..], &["--dry-run"]].concat()).await;
    assert_eq!(preview.status, 0, "{preview:?}");
    for part in [
        "Deal 4711 (prod_",
        "39.00 USD every 3 months, before discounts and tax",
        "in test mode",
        "It would sell enterprise; nothing said so before.",
        "pilot, 1 seat (unknown price)  enterprise, 5 seats",
        &format!("First ({})", t.org),
        &id,
        "1 organization would be changed. Nothing was changed.",
    ] {
        assert!(preview.output.contains(part), "{part}: {}", preview.output);
    }
    assert_eq!(
        (t.billing_rows().await, t.value("select count(*) from prices").await),
        (rows, "0".to_owned())
    );

    let adopted = t.billing_json(0, &adopt).await;
    assert_eq!((&adopted["done"], &adopted["plan_code"]), (&json!("created"), &json!("enterprise")));
    let payer = &adopted["organizations"][0];
    assert_eq!((&payer["organization"]["id"], &payer["subscriptions"]), (&json!(t.org), &json!([id])));
    assert_eq!(payer["before"], json!({ "plan_code": "pilot", "reason": "unknown_price", "seats": 1 }));
    assert_eq!(payer["now"], json!({ "plan_code": "enterprise", "reason": null, "seats": 5 }));
    assert_eq!(plan(&t).await, "enterprise");
    let told = "select concat_ws(' ', telemetry ->> 'from', telemetry ->> 'to', telemetry ->> 'cause',
          telemetry ->> 'price') from runs where kind = 'price_adopted'";
    assert_eq!(t.value(told).await, format!("pilot enterprise ada {price}"));
    assert_eq!(t.changes_at_stripe(), calls, "nothing is changed at Stripe");
    assert_in_step(&t).await;

    let rows = t.billing_rows().await;
    let again = t.billing(&adopt).await;
    assert!(again.output.contains("It sold enterprise already."), "{}", again.output);
    assert!(again.output.contains("0 organizations changed, 1 organization as before."), "{}", again.output);
    assert_eq!(t.billing_rows().await, rows);
    // The next event of the subscription says the same.
    t.stripe.renew(&id, true).unwrap();
    t.deliver_all().await;
    assert_eq!(plan(&t).await, "enterprise");
}

#[tokio::test]
async fn another_plan_takes_the_place_of_what_was_said_by_an_operator_or_by_stripe() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    let price = t.value("select price_id from subscriptions").await;
    let adopt = async |plan: &str, by: &str| -> Value {
        t.billing_json(0, &["products", "adopt", &price, "--plan", plan, "--by", by]).await
    };
    let first = adopt("enterprise", "ada").await;
    assert_eq!(first["before"], json!({ "plan_code": "pro", "adopted_by": null }));
    assert_eq!((&first["done"], plan(&t).await.as_str()), (&json!("updated"), "enterprise"));
    let back = adopt("pro", "bob").await;
    assert_eq!(back["before"], json!({ "plan_code": "enterprise", "adopted_by": "ada" }));
    assert_eq!(
        (&back["organizations"][0]["now"]["plan_code"], plan(&t).await.as_str()),
        (&json!("pro"), "pro")
    );
    assert_in_step(&t).await;
}

#[tokio::test]
async fn of_several_items_the_adopted_one_decides_how_often_and_how_many_and_what_was_paid_last() {
    let t = TestApp::start().await;
    let add_on = t.deal_at_stripe(&json!({ "metadata": { "addon_flags": "hasAPI" } }));
    let deal = t.deal_at_stripe(&json!({ "recurring": { "interval": "month" }, "unit_amount": 9900 }));
    let id =
        t.subscribe_at_stripe(&t.org, &json!([{ "price": add_on }, { "price": deal, "quantity": 3 }])).await;
    t.stripe.renew(&id, false).unwrap();
    t.deliver_all().await;
    t.billing_json(0, &["products", "adopt", &deal, "--plan", "enterprise"]).await;
    let row = "select concat_ws(' ', price_id, plan_code, quantity, status, unknown_price is null)
        from subscriptions";
    assert_eq!(t.value(row).await, format!("{deal} enterprise 3 past_due t"));
    let answer = t.entitlements(users::OWNER, &t.org).await;
    assert_eq!((answer.text("/planCode"), &answer.body["seats"]), ("enterprise", &json!(15)), "in its grace");
    assert_eq!(answer.body["entitlements"]["hasAPI"], true);
    assert_in_step(&t).await;
}

#[tokio::test]
async fn a_price_that_nobody_pays_yet_sells_the_plan_to_whoever_comes() {
    let t = TestApp::start().await;
    let price = t.deal_at_stripe(&json!({}));
    let adopted = t.billing(&["products", "adopt", &price, "--plan", "pro"]).await;
    assert!(adopted.output.contains("It sells pro; nothing said so before."), "{adopted:?}");
    assert!(adopted.output.contains("0 organizations changed. By "), "{adopted:?}");
    t.subscribe_at_stripe(&t.org, &json!([{ "price": price }])).await;
    assert_eq!(plan(&t).await, "pro");
}

#[tokio::test]
async fn what_cannot_be_adopted_is_refused_in_a_sentence_and_changes_nothing() {
    let t = TestApp::start().await;
    let price = t.deal_at_stripe(&json!({}));
    let once = t.deal_at_stripe(&json!({ "recurring": null }));
    t.stripe.keep_in_other_mode("price_live");
    for (price, plan, status, sentence) in [
        (price.as_str(), "gold", 2, "There is no plan gold. Give one of pilot, pro and enterprise."),
        ("price_none", "pro", 1, "Stripe has no price price_none in test mode."),
        ("price_live", "pro", 1, "price_live is a price of live mode. Set STRIPE_SECRET_KEY to the"),
        (once.as_str(), "pro", 1, "is paid once, and a plan is paid again and again."),
    ] {
        let refused = t.billing(&["products", "adopt", price, "--plan", plan]).await;
        assert_eq!(refused.status, status, "{refused:?}");
        assert!(refused.complaint.contains(sentence), "{refused:?}");
        assert_eq!(refused.complaint.lines().count(), 1, "{refused:?}");
    }
    assert_eq!(t.value("select count(*) from prices").await, "0");
    t.assert_wrong_usage(&["products", "adopt", &price], "--plan <PLAN>").await;
    t.assert_wrong_usage(&["products", "adopt", "a/b", "--plan", "pro"], "expected a price's id").await;
    // Else the option would be lost, and everything be done.
    t.assert_wrong_usage(&["products", "--dry-run", "adopt", &price, "--plan", "pro"], "cannot be used with")
        .await;
    t.assert_needs(&["products", "adopt", &price, "--plan", "pro"], true).await;
}
