//! `billing explain`: what is paid for, by whom, and what became of the money.

use serde_json::{Value, json};
use tests::TestApp;

async fn explained(t: &TestApp, org: &str) -> (String, Value) {
    let screen = t.billing(&["explain", org]).await.output;
    (screen, t.billing_json(0, &["explain", org]).await)
}

#[track_caller]
fn assert_tells(screen: &str, parts: &[&str]) {
    for part in parts {
        assert!(screen.contains(part), "{part}: {screen}");
    }
}

#[tokio::test]
async fn what_is_shown_is_what_is_charged_item_by_item() {
    let t = TestApp::start().await;
    let price = |metadata: Value| {
        let every = json!({ "interval": "month", "interval_count": 3 });
        t.deal_at_stripe(&json!({ "currency": "eur", "recurring": every, "metadata": metadata }))
    };
    let items = json!([
        { "price": price(json!({ "plan_code": "enterprise" })), "quantity": 2 },
        { "price": price(json!({ "seats_per_unit": "5" })), "quantity": 2 },
        { "price": price(json!({ "addon_flags": "hasAPI" })) },
    ]);
    t.subscribe_at_stripe(&t.org, &items).await;
    let (screen, facts) = explained(&t, &t.org).await;
    assert_tells(&screen, &["enterprise x 2 + 10 extra seats + add-on hasAPI every 3 months in EUR"]);
    let plan = &facts["plan"];
    assert_eq!((&plan["seats"], &plan["quantity"]), (&json!(20), &json!(2)));
    assert_eq!((&plan["billing_interval"], &plan["interval_count"]), (&json!("month"), &json!(3)));
    assert_eq!((&plan["currency"], &plan["reason"]), (&json!("eur"), &Value::Null));
    assert_eq!(facts["subscriptions"][0]["items"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn an_upgrade_whose_payment_failed_is_told_with_what_was_paid_last() {
    let t = TestApp::start().await;
    let id = t.buy("pro", "month").await;
    let mut failed = t.last_event("customer.subscription.updated");
    let enterprise = json!({ "lookup_keys": ["promptforge_enterprise_month"] });
    let object = &mut failed["data"]["object"];
    object["status"] = json!("past_due");
    object["items"]["data"][0]["quantity"] = json!(99);
    object["items"]["data"][0]["price"] =
        t.stripe.call("GET", "/v1/prices", &enterprise).unwrap()["data"][0].clone();
    failed["id"] = json!("evt_failed");
    failed["created"] = json!(failed["created"].as_i64().unwrap() + 60);
    t.deliver(&failed).await.assert_outcome("applied");
    let (screen, facts) = explained(&t, &t.org).await;
    let sentence = facts["sentence"].as_str().unwrap();
    assert!(sentence.contains(&format!("with {id}; pro stays until")), "{sentence}");
    let change = "It is to pay for enterprise x 99, and what it paid last was pro x 1.";
    assert!(sentence.ends_with(change), "{sentence}");
    assert_tells(&screen, &["enterprise x 99 by the month in USD", "paid last: pro x 1"]);
}

#[tokio::test]
async fn what_somebody_else_bought_through_a_link_is_told_as_such() {
    let t = TestApp::start().await;
    let (id, customer) = t.buy_by_link(&t.org, "pro").await;
    let (screen, facts) = explained(&t, &t.org).await;
    let expected = format!("First has pro because {id} (bought through a link by {customer}) is active");
    assert!(facts["sentence"].as_str().unwrap().starts_with(&expected), "{facts}");
    assert_tells(
        &screen,
        &[
            &format!("bought through a link by {customer}"),
            "Portal           closed: it has no customer of its own",
        ],
    );
    // Beside one of its own it adds, and explains nothing.
    let own = t.buy("pro", "month").await;
    let (screen, facts) = explained(&t, &t.org).await;
    let sentence = facts["sentence"].as_str().unwrap();
    assert!(sentence.starts_with(&format!("First has pro because {own} is active")), "{sentence}");
    assert!(
        sentence.ends_with(&format!("{id} (bought through a link by {customer}) adds to it.")),
        "{sentence}"
    );
    assert!(!sentence.contains("it pays for each"), "{sentence}");
    let stored = t.value("select stripe_customer_id from customers").await;
    assert_tells(&screen, &[&format!("opens with {stored}")]);
}

#[tokio::test]
async fn a_subscription_that_was_moved_is_told_on_both_sides_and_who_may_open_which_portal() {
    let t = TestApp::start().await;
    let id = t.buy("pro", "month").await;
    let customer = t.value("select stripe_customer_id from customers").await;
    let own = t.subscription_at_stripe(&customer, "promptforge_pro_month", &json!({ "org_id": t.org }));
    t.deliver_all().await;
    t.stripe.advance(60);
    let moved = json!({ "metadata": { "org_id": t.other_org } });
    t.stripe.call("POST", &format!("/v1/subscriptions/{id}"), &moved).unwrap();
    t.deliver_all().await;
    // While the customer pays for both, its portal would show one's subscription to the other.
    let (first, _) = explained(&t, &t.org).await;
    assert_tells(
        &first,
        &[
            &format!("Portal           closed: {customer} pays for Second too"),
            &format!("{customer} pays for Second ({}) too: {id}, active", t.other_org),
        ],
    );
    let (second, facts) = explained(&t, &t.other_org).await;
    assert_tells(
        &second,
        &[
            &format!("Portal           closed: {customer} pays for First too"),
            &format!("paid by {customer}, the customer of First"),
        ],
    );
    assert_eq!(facts["portal"]["shared_with"][0]["name"], "First");
    // Then for the second alone.
    t.stripe.cancel_now(&own).unwrap();
    t.deliver_all().await;
    assert_tells(&explained(&t, &t.other_org).await.0, &[&format!("Portal           opens with {customer}")]);
    assert_tells(&explained(&t, &t.org).await.0, &["closed: it has no customer of its own"]);
}

#[tokio::test]
async fn one_time_payments_refunds_and_disputes_are_told() {
    let t = TestApp::start().await;
    let sells = json!({ "addon_flags": "hasAPI", "addon_days": "30" });
    for (session, metadata) in [("cs_addon", sells), ("cs_plain", json!({}))] {
        t.deliver(&t.payment_event(&t.org, session, "paid", &metadata)).await.assert_outcome("applied");
    }
    t.deliver(&t.refund_event("cs_addon", 500)).await.assert_outcome("applied");
    t.deliver(&t.dispute_event("cs_plain", "needs_response")).await.assert_outcome("applied");
    let (screen, facts) = explained(&t, &t.org).await;
    let sentence = facts["sentence"].as_str().unwrap();
    assert!(sentence.ends_with("Its payment ch_cs_plain is disputed (needs_response)."), "{sentence}");
    assert_tells(
        &screen,
        &[
            "One-time payments",
            "add-on hasAPI until ",
            ": on  5.00 USD refunded",
            "cs_plain  15.00 USD, paid",
            "Refunds and disputes",
            "ch_cs_addon  15.00 USD         5.00 USD refunded",
            "ch_cs_plain  amount not known  dispute: needs_response",
            "payment refunded",
            "ch_cs_addon 0 -> 500",
        ],
    );
    assert_eq!(facts["payments"].as_array().unwrap().len(), 2);
    t.deliver(&t.dispute_event("cs_plain", "won")).await.assert_outcome("applied");
    let (_, facts) = explained(&t, &t.org).await;
    assert!(!facts["sentence"].as_str().unwrap().contains("disputed"), "{facts}");
}

#[tokio::test]
async fn collection_that_is_paused_and_a_test_clock_are_told() {
    let t = TestApp::start().await;
    let id = t.buy("pro", "month").await;
    let paused = json!({ "pause_collection": { "behavior": "keep_as_draft" } });
    t.stripe.advance(60);
    t.stripe.call("POST", &format!("/v1/subscriptions/{id}"), &paused).unwrap();
    t.deliver_all().await;
    t.db.batch_execute(
        "update subscriptions set test_clock = 'clock_1';
         insert into test_clocks (test_clock, frozen_at) values ('clock_1', '2027-03-01')",
    )
    .await
    .unwrap();
    let (screen, facts) = explained(&t, &t.org).await;
    let expected = format!(
        "First has pro because {id} is active, though Stripe collects nothing for it (keep_as_draft)."
    );
    assert_eq!(facts["sentence"], expected);
    assert_eq!(facts["plan"]["collection_paused"], true);
    assert_tells(&screen, &["collection paused: keep_as_draft", "on clock_1 at 2027-03-01"]);
}
