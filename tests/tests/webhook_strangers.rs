//! POST /api/webhooks/stripe: a stranger who types an organization's id into a payment link pays for it, and
//! does nothing else.

use serde_json::{Value, json};
use stripe_emulator::Fault;
use tests::said::{item, item_with, said};
use tests::{TestApp, users};

/// Unix seconds, before every clock of a test.
const AT: i64 = 1_790_000_000;

/// A stranger's subscription at Stripe, made by a payment link: nothing in it names an organization.
fn stranger(t: &TestApp, plan: &str) -> (String, String) {
    let customer = t.customer_at_stripe(&json!({}));
    let subscription = t.subscription_at_stripe(&customer, &format!("promptforge_{plan}_month"), &json!({}));
    (subscription, customer)
}

async fn answer(t: &TestApp) -> Value {
    t.entitlements(users::OWNER, &t.org).await.body.clone()
}

#[tokio::test]
async fn a_strangers_customer_is_never_the_organizations() {
    let t = TestApp::start().await;
    let (subscription, customer) = stranger(&t, "pro");
    t.pays_by_link(t.now(), &t.org, &subscription, &customer).await.assert_outcome("applied");
    // Whatever comes after: an event of it, a comparison with Stripe.
    t.stripe.change_quantity(&subscription, 3).unwrap();
    assert_eq!(t.deliver(&t.last_event("customer.subscription.updated")).await.status, 200);
    assert_eq!(t.sync(users::OWNER, &json!({ "orgId": t.org })).await.status, 200);
    t.reconcile().await;
    assert_eq!(answer(&t).await["planCode"], "pro");
    assert_eq!(t.value("select count(*) from customers").await, "0");
    assert_eq!(t.value("select own from subscriptions").await, "false");
    assert_eq!(t.value("select count(*) from runs where kind = 'paid_by_stranger'").await, "1");
    t.portal(users::OWNER, &json!({ "orgId": t.org })).await.assert_failure(404, "no_customer");
    // The owner buys on a customer of the organization's own.
    assert_eq!(t.checkout_plan("pro", "month").await.status, 200);
    assert_ne!(t.value("select stripe_customer_id from customers").await, customer);
}

#[tokio::test]
async fn in_every_order_of_its_events_a_strangers_subscription_stays_a_strangers() {
    for session_first in [true, false] {
        let t = TestApp::start().await;
        let (subscription, customer) = stranger(&t, "pro");
        let created = t.last_event("customer.subscription.created");
        if !session_first {
            t.deliver(&created).await.assert_failure(400, "missing_org_id");
        }
        t.pays_by_link(t.now(), &t.org, &subscription, &customer).await.assert_outcome("applied");
        assert_eq!(t.deliver(&created).await.status, 200);
        assert_eq!(answer(&t).await["planCode"], "pro");
        assert_eq!(t.value("select count(*) from customers").await, "0");
        assert_eq!(t.value("select concat_ws(' ', own, org_named) from subscriptions").await, "f f");
    }
}

#[tokio::test]
async fn a_strangers_trouble_is_not_the_organizations() {
    let t = TestApp::start().await;
    let (subscription, customer) = stranger(&t, "pro");
    t.pays_by_link(t.now(), &t.org, &subscription, &customer).await.assert_outcome("applied");
    t.stripe.advance(10);
    t.stripe.set_status(&subscription, "unpaid").unwrap();
    t.deliver(&t.last_event("customer.subscription.updated")).await.assert_outcome("applied");
    assert_eq!(answer(&t).await["status"], "unpaid");
    assert_eq!(t.checkout_plan("pro", "month").await.status, 200, "it does not block a checkout");
    t.say(&said(AT + 9).of("sub_o", "cus_o").named(&t.org)).await.assert_outcome("applied");
    let own = answer(&t).await;
    assert_eq!((&own["planCode"], &own["status"]), (&json!("pro"), &json!("active")));
}

#[tokio::test]
async fn a_stranger_adds_to_what_the_organization_has_and_explains_nothing() {
    let t = TestApp::start().await;
    let ends = AT + 30 * 86_400;
    t.say(&said(AT).named(&t.org).period(AT)).await.assert_outcome("applied");
    let (subscription, customer) = stranger(&t, "pro");
    t.pays_by_link(t.now(), &t.org, &subscription, &customer).await.assert_outcome("applied");
    let both = answer(&t).await;
    assert_eq!((&both["planCode"], &both["seats"]), (&json!("pro"), &json!(2)));
    assert_eq!(both["currentPeriodEnd"], jiff::Timestamp::from_second(ends).unwrap().to_string());
    // Its own one ends: what the stranger pays for stays.
    t.say(&said(AT + 9).named(&t.org).status("canceled")).await.assert_outcome("applied");
    let left = answer(&t).await;
    assert_eq!((&left["planCode"], &left["seats"]), (&json!("pro"), &json!(1)));
    t.stripe.cancel_now(&subscription).unwrap();
    t.deliver(&t.last_event("customer.subscription.deleted")).await.assert_outcome("applied");
    let own = answer(&t).await;
    assert_eq!((&own["planCode"], &own["status"]), (&json!("pilot"), &json!("canceled")));
}

#[tokio::test]
async fn a_typed_reference_takes_no_subscription_that_metadata_names() {
    let t = TestApp::start().await;
    t.say(&said(AT).named(&t.org)).await.assert_outcome("applied");
    assert_eq!(t.pays_by_link(AT + 1, &t.other_org, "sub_1", "cus_1").await.status, 200);
    assert_eq!(answer(&t).await["planCode"], "pro");
    assert_eq!(t.entitlements(users::OUTSIDER, &t.other_org).await.text("/planCode"), "pilot");
}

#[tokio::test]
async fn what_a_stranger_seemed_to_pay_is_the_organizations_once_an_operator_says_so() {
    let t = TestApp::start().await;
    let (subscription, customer) = stranger(&t, "pro");
    t.pays_by_link(t.now(), &t.org, &subscription, &customer).await.assert_outcome("applied");
    let import =
        format!("select billing.pf_import_customer('{}', false, '{customer}', 'ada', 'test')", t.org);
    t.db.batch_execute(&import).await.unwrap();
    assert_eq!(t.value("select own from subscriptions").await, "true");
    assert_eq!(t.value("select own from entitlements").await, "true");
    assert_eq!(t.portal(users::OWNER, &json!({ "orgId": t.org })).await.status, 200);
    t.checkout_plan("pro", "month").await.assert_failure(409, "already_subscribed");
}

#[tokio::test]
async fn metadata_of_the_customer_names_the_organization_too() {
    for foreign in ["refuse", "acknowledge"] {
        let t = TestApp::start_with(&[("FOREIGN_SUBSCRIPTIONS", foreign)]).await;
        let customer = t.customer_at_stripe(&json!({ "org_id": t.org }));
        t.subscription_at_stripe(&customer, "promptforge_enterprise_month", &json!({}));
        let created = t.last_event("customer.subscription.created");
        if foreign == "acknowledge" {
            // Without Stripe's answer nobody knows whose it is: it comes again.
            t.stripe.fail(Fault { path_prefix: "/v1/subscriptions".into(), status: 400, ..Fault::default() });
            assert!(t.deliver(&created).await.status >= 500);
        }
        t.deliver(&created).await.assert_outcome("applied");
        assert_eq!(answer(&t).await["planCode"], "enterprise");
        assert_eq!(t.value("select stripe_customer_id from customers").await, customer);
    }
}

#[tokio::test]
async fn an_account_may_pay_in_a_customers_place() {
    let t = TestApp::start().await;
    let account =
        said(AT).named(&t.org).with("customer", json!(null)).with("customer_account", json!("acct_1"));
    t.say(&account).await.assert_outcome("applied");
    assert_eq!(answer(&t).await["planCode"], "pro");
    let deleted = json!({ "id": "cus_1", "object": "customer", "deleted": true });
    t.say(&said(AT + 1).named(&t.org).with("customer", deleted).items(&[item("promptforge_pro_month", 2)]))
        .await
        .assert_outcome("applied");
    assert_eq!(answer(&t).await["seats"], 2);
}

#[tokio::test]
async fn whoever_a_subscription_is_moved_to_is_warned_as_if_it_were_new() {
    let t = TestApp::start().await;
    let custom = [item_with("price_custom", json!({}), 1)];
    for (name, org) in [("sub_1", &t.org), ("sub_2", &t.other_org)] {
        t.say(&said(AT).of(name, &format!("cus_{name}")).named(org)).await.assert_outcome("applied");
    }
    t.say(&said(AT).of("sub_3", "cus_sub_1").named(&t.org).items(&custom)).await.assert_outcome("applied");
    t.say(&said(AT + 9).of("sub_1", "cus_sub_1").named(&t.other_org)).await.assert_outcome("applied");
    let moved = said(AT + 9).of("sub_3", "cus_sub_1").named(&t.other_org).items(&custom);
    t.say(&moved).await.assert_outcome("applied");
    let trail = format!(
        "select string_agg(kind || ' ' || coalesce(telemetry ->> 'subscription', telemetry ->> 'to'), ', '
           order by id)
         from runs where org_id = '{}' and kind in ('second_live_subscription', 'unknown_plan')",
        t.other_org
    );
    let warned = "second_live_subscription sub_1, unknown_plan sub_3, second_live_subscription sub_3";
    assert_eq!(t.value(&trail).await, warned);
}
