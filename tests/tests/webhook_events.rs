//! POST /api/webhooks/stripe: each type of event, in both shapes, once.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{TestApp, users};

const OLD: &str = "2024-06-20";
const NEW: &str = "2026-10-28.endive";

/// Plays a life that makes every type of event for subscriptions, and delivers what `shape` makes of each
/// event.
async fn live(t: &TestApp, shape: impl Fn(&TestApp, &Value) -> Value) -> Vec<String> {
    let mut seen = Vec::new();
    let mut delivered = 0;
    let mut step = async |done: &str| {
        for event in t.stripe.events().into_iter().skip(delivered) {
            delivered += 1;
            let answer = t.deliver(&shape(t, &event)).await;
            assert_eq!(answer.status, 200, "{done}: {event}: {}", answer.body);
            seen.push(event["type"].as_str().unwrap().to_owned());
        }
        let answer = t.entitlements(users::OWNER, &t.org).await;
        (answer.text("/planCode").to_owned(), answer.text("/status").to_owned())
    };
    let state = |plan: &str, status: &str| (plan.to_owned(), status.to_owned());
    let session = t.checkout_plan("pro", "month").await;
    t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
    assert_eq!(step("paid").await, state("pro", "active"));
    let subscription = t.stripe.subscriptions().pop().unwrap()["id"].as_str().unwrap().to_owned();
    t.stripe.change_plan(&subscription, "promptforge_enterprise_year").unwrap();
    assert_eq!(step("plan changed").await, state("enterprise", "active"));
    t.stripe.renew(&subscription, false).unwrap();
    assert_eq!(step("renewal failed").await, state("enterprise", "past_due"));
    t.stripe.pay_open_invoice(&subscription).unwrap();
    assert_eq!(step("paid late").await, state("enterprise", "active"));
    t.stripe.pause(&subscription).unwrap();
    assert_eq!(step("paused").await, state("pilot", "paused"));
    t.stripe.resume(&subscription).unwrap();
    assert_eq!(step("resumed").await, state("enterprise", "active"));
    t.stripe.cancel_at_period_end(&subscription, true).unwrap();
    assert_eq!(step("canceled at period end").await, state("enterprise", "active"));
    assert!(!t.entitlements(users::OWNER, &t.org).await.body["cancelAt"].is_null());
    t.stripe.cancel_now(&subscription).unwrap();
    assert_eq!(step("deleted").await, state("pilot", "canceled"));
    seen
}

const TYPES: [&str; 9] = [
    "checkout.session.completed",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "customer.subscription.deleted",
    "invoice.paid",
    "invoice.payment_succeeded",
    "invoice.payment_failed",
];

#[tokio::test]
async fn the_life_of_a_subscription_in_the_newest_shape() {
    let t = TestApp::start().await;
    let seen = live(&t, |t, event| t.stripe.event_as(event["id"].as_str().unwrap(), NEW).unwrap()).await;
    for kind in TYPES {
        assert!(seen.iter().any(|seen| seen == kind), "{kind} was not among the events");
    }
}

#[tokio::test]
async fn the_life_of_a_subscription_in_the_shape_of_2024_06_20() {
    let t = TestApp::start().await;
    let seen = live(&t, |t, event| t.stripe.event_as(event["id"].as_str().unwrap(), OLD).unwrap()).await;
    for kind in TYPES {
        assert!(seen.iter().any(|seen| seen == kind), "{kind} was not among the events");
    }
    let renewed = t
        .stripe
        .event_as(t.last_event("customer.subscription.updated")["id"].as_str().unwrap(), OLD)
        .unwrap();
    assert!(
        renewed["data"]["object"]["current_period_end"].is_i64(),
        "the old shape has the period on the subscription"
    );
}

#[tokio::test]
async fn each_processed_type_works_alone_in_both_shapes() {
    for version in [NEW, OLD] {
        for kind in [
            "customer.subscription.created",
            "customer.subscription.updated",
            "invoice.paid",
            "invoice.payment_succeeded",
            "checkout.session.completed",
        ] {
            let t = TestApp::start().await;
            let session = t.checkout_plan("pro", "year").await;
            t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
            let event = t.stripe.event_as(t.last_event(kind)["id"].as_str().unwrap(), version).unwrap();
            t.deliver(&event).await.assert_outcome("applied");
            let expected = if kind == "customer.subscription.created" { "incomplete" } else { "active" };
            let row = t
                .value(
                    "select concat_ws(' ', status, plan_code, billing_interval, quantity) from subscriptions",
                )
                .await;
            assert_eq!(row, format!("{expected} pro year 1"), "{kind} {version}");
            let period = "select extract(day from current_period_end - current_period_start)
                between 365 and 366 from subscriptions";
            assert_eq!(t.value(period).await, "true", "{kind} {version}");
        }
    }
}

#[tokio::test]
async fn a_second_delivery_is_a_duplicate_and_changes_nothing() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    let everything = "select md5(string_agg(x, '|' order by x)) from (
        select s::text x from subscriptions s union all select e::text from entitlements e
        union all select r::text from runs r
        union all select w::text from webhook_events w) rows";
    let before = t.value(everything).await;
    let ours = t.value("select string_agg(event_id, ',') from webhook_events").await;
    for event in t.stripe.events().iter().filter(|event| ours.contains(event["id"].as_str().unwrap())) {
        t.deliver(event).await.assert_outcome("duplicate");
    }
    assert_eq!(t.value(everything).await, before);
}

#[tokio::test]
async fn of_deliveries_at_the_same_time_one_works_and_the_others_are_duplicates() {
    let t = TestApp::start().await;
    let session = t.checkout_plan("pro", "month").await;
    t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
    for kind in ["customer.subscription.updated", "invoice.paid"] {
        let event = t.last_event(kind);
        let answers = join_all((0..8).map(|_| t.deliver(&event))).await;
        let mut outcomes: Vec<_> = answers.iter().map(|answer| answer.text("/outcome")).collect();
        outcomes.sort_unstable();
        assert_eq!(
            outcomes,
            [
                "applied",
                "duplicate",
                "duplicate",
                "duplicate",
                "duplicate",
                "duplicate",
                "duplicate",
                "duplicate"
            ],
            "{kind}"
        );
    }
    assert_eq!(t.value("select count(*) from runs where kind = 'plan_changed'").await, "1");
}

#[tokio::test]
async fn telemetry_tells_each_change_with_its_cause() {
    let t = TestApp::start().await;
    let subscription = t.buy("pro", "month").await;
    t.stripe.advance(10);
    t.stripe.change_plan(&subscription, "promptforge_enterprise_month").unwrap();
    t.deliver_all().await;
    t.stripe.advance(10);
    t.stripe.cancel_now(&subscription).unwrap();
    t.deliver_all().await;
    let changes = "select string_agg(telemetry ->> 'from' || '>' || (telemetry ->> 'to'), ' ' order by id)
        from runs where kind = 'plan_changed'";
    assert_eq!(t.value(changes).await, "pilot>pro pro>enterprise enterprise>pilot");
    let causes = "select bool_and(exists (select from webhook_events w
          where w.event_id = telemetry ->> 'cause')) from runs";
    assert_eq!(t.value(causes).await, "true");
    let last = "select telemetry ->> 'to' from runs
        where kind = 'subscription_status_changed' order by id desc limit 1";
    assert_eq!(t.value(last).await, "canceled");
}

#[tokio::test]
async fn what_is_not_ours_is_acknowledged_and_ignored() {
    let t = TestApp::start().await;
    let subscription = t.buy("pro", "month").await;
    let before = t.value("select count(*) from webhook_events").await;
    for kind in [
        "charge.captured",
        "customer.created",
        "invoice.upcoming",
        "invoice.created",
        "a.type.stripe.adds.later",
        "payment_intent.succeeded",
    ] {
        let event = json!({ "id": format!("evt_{kind}"), "type": kind, "created": t.now(), "livemode": false,
            "data": { "object": { "subscription": subscription } } });
        t.deliver(&event).await.assert_outcome("ignored");
    }
    let mut manual = t.last_event("invoice.paid");
    manual["id"] = json!("evt_manual");
    manual["data"]["object"]["parent"] = Value::Null;
    t.deliver(&manual).await.assert_outcome("ignored");
    assert_eq!(t.value("select count(*) from webhook_events").await, before);
}

#[tokio::test]
async fn an_event_of_the_other_mode_is_ignored() {
    let t = TestApp::start().await;
    let session = t.checkout_plan("pro", "month").await;
    t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
    let mut event = t.last_event("customer.subscription.updated");
    event["livemode"] = json!(true);
    t.deliver(&event).await.assert_outcome("ignored");
    assert_eq!(t.value("select count(*) from subscriptions").await, "0");
}

#[tokio::test]
async fn a_price_that_nobody_knows_counts_as_pilot_and_is_reported_once() {
    let t = TestApp::start().await;
    let session = t.checkout_plan("pro", "month").await;
    t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
    let mut event = t.last_event("customer.subscription.updated");
    let subscription = &mut event["data"]["object"];
    subscription["metadata"] = json!({ "org_id": t.org });
    let price = &mut subscription["items"]["data"][0]["price"];
    price["lookup_key"] = Value::Null;
    price["metadata"] = json!({});
    t.deliver(&event).await.assert_outcome("applied");
    event["id"] = json!("evt_again");
    event["created"] = json!(event["created"].as_i64().unwrap() + 1);
    t.deliver(&event).await.assert_outcome("applied");
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pilot");
    assert_eq!(t.value("select count(*) from runs where kind = 'unknown_plan'").await, "1");
}
