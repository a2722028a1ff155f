//! `billing explain`: why a subscription grants nothing more, a sentence for each reason there is.

use std::collections::BTreeSet;

use serde_json::json;
use tests::TestApp;

/// Each reason, what of a paid subscription is otherwise then, and how the sentence goes on after "has pilot
/// because". `SUB` is the subscription, `SINCE` a day.
const REASONS: [(&str, &str, &str); 14] = [
    ("ended", "status = 'canceled'", "its last subscription SUB was canceled on "),
    ("ended", "status = 'incomplete_expired'", "the first payment of SUB was never made."),
    ("collection_paused", "pause_behavior = 'void'", "the payments of SUB are paused and void."),
    (
        "never_paid",
        "status = 'past_due', paid_items = null, past_due_since = '2026-11-20'",
        "SUB is past_due since 2026-11-20 and was never paid: a trial has no grace period.",
    ),
    (
        "grace_over",
        "status = 'past_due', past_due_since = '2026-01-20', grace_until = '2026-01-27'",
        "SUB is past_due since 2026-01-20 and its grace period ended on 2026-01-27.",
    ),
    (
        "unpaid",
        "status = 'unpaid'",
        "SUB is unpaid, which grants nothing: Stripe has given up on its payment.",
    ),
    (
        "paused",
        "status = 'paused', trial_end = '2026-01-01'",
        "SUB is paused: it grants nothing until it is taken up again at Stripe.",
    ),
    (
        "trial_over",
        "status = 'paused', trial_end = '2026-01-01', paid_items = null",
        "the trial of SUB is over, and it is paused until there is a payment method.",
    ),
    ("first_payment_open", "status = 'incomplete'", "the first payment of SUB is still open."),
    ("unknown_status", "status = 'on_hold'", "SUB is on_hold, a status that grants nothing."),
    (
        "unknown_price",
        "items = '[{\"price\": \"price_deal\"}]', unknown_price = 'price_deal', plan_code = 'pilot'",
        "SUB is active at price_deal, and no plan is known for that price: type billing products adopt \
         price_deal --plan PLAN.",
    ),
    (
        "quantity_zero",
        "items = '[{\"plan\": \"pro\", \"quantity\": 0}]', plan_code = 'pilot'",
        "SUB is active with a quantity of 0.",
    ),
    (
        "addon_only",
        "items = '[{\"flags\": [\"hasAPI\"]}]', plan_code = 'pilot'",
        "SUB sells no plan, only seats or add-ons.",
    ),
    (
        "free_plan",
        "items = '[{\"plan\": \"pilot\"}]', plan_code = 'pilot'",
        "SUB is for pilot, which is the free plan.",
    ),
];

#[tokio::test]
async fn every_reason_has_a_sentence_of_its_own() {
    let t = TestApp::start().await;
    let id = t.buy("pro", "month").await;
    t.db.batch_execute("create table kept as select * from subscriptions").await.unwrap();
    let put_back = "delete from subscriptions; insert into subscriptions select * from kept";
    for (word, otherwise, because) in REASONS {
        let change = format!(
            "{put_back}; update subscriptions set {otherwise};
             select billing_private.apply_subscriptions(org_id, false, 'test') from subscriptions"
        );
        t.db.batch_execute(&change).await.unwrap();
        let explained = t.billing_json(0, &["explain", &t.org]).await;
        assert_eq!(explained["plan"]["reason"], word, "{otherwise}");
        let sentence = explained["sentence"].as_str().unwrap();
        let expected = format!("First has pilot because {}", because.replace("SUB", &id));
        assert!(sentence.starts_with(&expected), "{word}: {sentence}");
        let screen = t.billing(&["explain", &t.org]).await.output;
        assert!(screen.contains(&format!(" ({word})")), "{word}: {screen}");
    }
}

#[test]
fn the_reasons_that_are_told_are_those_that_the_database_has() {
    let file = migrations::FILES.iter().find(|file| file.name == "functions/reason").unwrap();
    let said = file.sql.split(" then '").skip(1).chain(file.sql.split(" else '").skip(1));
    let said: BTreeSet<&str> = said.map(|rest| rest.split('\'').next().unwrap()).collect();
    assert_eq!(said, REASONS.map(|(word, ..)| word).into());
}

#[tokio::test]
async fn an_unknown_price_beside_a_plan_is_told_with_the_command_that_adopts_it() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    let price = t.deal_at_stripe(&json!({}));
    let id = t.subscribe_at_stripe(&t.org, &json!([{ "price": price }])).await;
    let told = t.billing_json(0, &["explain", &t.org]).await["sentence"].as_str().unwrap().to_owned();
    let expected =
        format!("Nothing is known for {price} of {id}: type billing products adopt {price} --plan PLAN.");
    assert!(told.starts_with("First has pro because") && told.ends_with(&expected), "{told}");
}
