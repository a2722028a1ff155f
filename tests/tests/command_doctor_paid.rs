//! `billing doctor`: whether whoever pays has what they pay for.

use cli::commands::doctor::Status;
use serde_json::json;

use crate::command_doctor::Deployment;

#[tokio::test]
async fn a_price_that_no_plan_is_known_for_is_named_until_it_is_adopted() {
    let d = Deployment::start().await;
    let (price, org) = (d.t.deal_at_stripe(&json!({})), d.t.other_org.clone());
    let id = d.t.subscribe_at_stripe(&org, &json!([{ "price": price }])).await;
    let complaints = d.complaints(&[]).await;
    let told = format!("1 live subscription at 1 price that no plan is known for: {price} ({id} of {org})");
    assert!(complaints[0].2.contains("billing products adopt PRICE --plan PLAN"), "{complaints:?}");
    Deployment::found(complaints, "unknown_prices", Status::Failing, &told);
    // Beside an item whose plan is known, the organization has a plan.
    let pro = d.t.value("select price_id from subscriptions where plan_code = 'pro'").await;
    let beside = json!({ "items": [{ "price": pro }] });
    d.t.stripe.call("POST", &format!("/v1/subscriptions/{id}"), &beside).unwrap();
    d.t.deliver_all().await;
    Deployment::found(d.complaints(&[]).await, "unknown_prices", Status::Warning, &told);
    d.t.billing_json(0, &["products", "adopt", &price, "--plan", "pro"]).await;
    assert!(d.complaints(&[]).await.is_empty());
}

#[tokio::test]
async fn three_of_many_unknown_prices_are_named_and_the_rest_is_counted() {
    let d = Deployment::start().await;
    for _ in 0..4 {
        let price = d.t.deal_at_stripe(&json!({}));
        d.t.subscribe_at_stripe(&d.t.other_org, &json!([{ "price": price }])).await;
    }
    let complaints = d.complaints(&[]).await;
    assert_eq!(complaints[0].2.matches("(sub_").count(), 3, "{complaints:?}");
    Deployment::found(complaints, "unknown_prices", Status::Failing, "4 live subscriptions at 4 prices");
}

#[tokio::test]
async fn what_was_sold_and_nobody_can_read_is_named_until_somebody_has_dealt_with_it() {
    let d = Deployment::start().await;
    let typo = json!({ "addon_flags": "hasAPI", "addon_days": "thirty" });
    let paid = d.t.payment_event(&d.t.org, "cs_typo", "paid", &typo);
    d.t.deliver(&paid).await.assert_outcome("applied");
    let open = d.t.payment_event(&d.t.org, "cs_open", "unpaid", &typo);
    d.t.deliver(&open).await.assert_outcome("applied");
    let told = format!("1 sale that nobody can read: cs_typo of {} (addon_days)", d.t.org);
    Deployment::found(d.complaints(&[]).await, "unreadable_addons", Status::Failing, &told);
    d.t.billing_json(0, &["addon", "end", &d.t.org, "cs_typo", "--reason", "granted by hand"]).await;
    assert!(d.complaints(&[]).await.is_empty());
    let price = d.t.deal_at_stripe(&json!({ "metadata": { "addon_flags": "hasTeleport" } }));
    let id = d.t.subscribe_at_stripe(&d.t.other_org, &json!([{ "price": price }])).await;
    let told = format!("{id} of {} (hasTeleport)", d.t.other_org);
    Deployment::found(d.complaints(&[]).await, "unreadable_addons", Status::Failing, &told);
}

#[tokio::test]
async fn a_dispute_is_told_while_it_is_open() {
    let d = Deployment::start().await;
    let paid = d.t.payment_event(&d.t.org, "cs_1", "paid", &json!({ "addon_flags": "hasAPI" }));
    d.t.deliver(&paid).await.assert_outcome("applied");
    d.t.deliver(&d.t.dispute_event("cs_1", "needs_response")).await.assert_outcome("applied");
    let told = format!("1 dispute open: ch_cs_1 of {} (needs_response)", d.t.org);
    Deployment::found(d.complaints(&[]).await, "disputes", Status::Warning, &told);
    d.t.deliver(&d.t.dispute_event("cs_1", "won")).await.assert_outcome("applied");
    assert!(d.complaints(&[]).await.is_empty());
}

#[tokio::test]
async fn what_somebody_elses_customer_pays_is_counted_and_is_no_fault() {
    let d = Deployment::start().await;
    let (id, _) = d.t.buy_by_link(&d.t.other_org, "pro").await;
    assert!(d.complaints(&[]).await.is_empty());
    let told = d.t.billing(&["doctor"]).await.output;
    let expected = format!(
        "1 live subscription bought through a link for an organization by somebody else's \
         customer: {id} (for {})",
        d.t.other_org
    );
    assert!(told.contains(&expected), "{told}");
}

#[tokio::test]
async fn test_payments_of_a_database_that_is_live_are_nobodys_trouble() {
    let d = Deployment::start().await;
    let price = d.t.deal_at_stripe(&json!({}));
    d.t.subscribe_at_stripe(&d.t.other_org, &json!([{ "price": price }])).await;
    let live = format!(
        "insert into customers (org_id, livemode, stripe_customer_id) values ('{}', true, 'cus_live')",
        d.t.org
    );
    let complaints = d.after_sql(&live).await;
    assert!(complaints.iter().all(|(check, ..)| *check != "unknown_prices"), "{complaints:?}");
}
