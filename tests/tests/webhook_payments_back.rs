//! POST /api/webhooks/stripe: refunds and disputes of one-time payments, and the add-ons that end with them.

use serde_json::{Value, json};
use tests::{TestApp, users};

use crate::webhook_payments::{event, flags};

fn charge(id: &str, created: i64, kind: &str, more: &Value) -> Value {
    let mut object = json!({
        "id": "ch_1", "object": "charge", "amount": 1500, "amount_refunded": 0, "currency": "usd",
        "payment_intent": "pi_1", "customer": null, "livemode": false, "metadata": {}
    });
    object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    tests::said::event(id, kind, created, object)
}

fn dispute(id: &str, created: i64, kind: &str, status: &str) -> Value {
    let dispute = json!({ "id": "dp_1", "object": "dispute", "charge": "ch_1", "status": status });
    charge(id, created, kind, &dispute)
}

fn paid(t: &TestApp) -> Value {
    let mut paid =
        event(t, "evt_1", "checkout.session.completed", "paid", &json!({ "addon_flags": "hasAPI" }));
    paid["data"]["object"]["payment_intent"] = json!("pi_1");
    paid
}

async fn trail(t: &TestApp) -> String {
    let trail =
        "select string_agg(concat_ws(' ', kind, telemetry ->> 'from', telemetry ->> 'to'), ', ' order by id)
        from runs where kind <> 'addon_unreadable'";
    t.value(trail).await
}

#[tokio::test]
async fn a_full_refund_ends_the_add_on_and_a_partial_one_does_not() {
    let t = TestApp::start().await;
    t.deliver(&paid(&t)).await.assert_outcome("applied");
    let part = charge("evt_2", t.now(), "charge.refunded", &json!({ "amount_refunded": 500 }));
    t.deliver(&part).await.assert_outcome("applied");
    assert_eq!(flags(&t).await["hasAPI"], true);
    let full = charge("evt_3", t.now() + 1, "charge.refunded", &json!({ "amount_refunded": 1500 }));
    t.deliver(&full).await.assert_outcome("applied");
    assert_eq!(flags(&t).await["hasAPI"], false);
    assert_eq!(
        trail(&t).await,
        "addon_granted hasAPI, payment_refunded 0 500, payment_refunded 500 1500, addon_ended hasAPI"
    );
    t.deliver(&part).await.assert_outcome("duplicate");
}

#[tokio::test]
async fn two_refunds_in_one_second_end_the_add_on_in_either_order() {
    for sequence in [[500, 1500], [1500, 500]] {
        let t = TestApp::start().await;
        t.deliver(&paid(&t)).await.assert_outcome("applied");
        let now = t.now();
        for refunded in sequence {
            let event = charge(
                &format!("evt_{refunded}"),
                now,
                "charge.refunded",
                &json!({ "amount_refunded": refunded }),
            );
            assert_eq!(t.deliver(&event).await.status, 200);
        }
        assert_eq!(flags(&t).await["hasAPI"], false, "{sequence:?}");
        assert_eq!(t.value("select refunded_cents from charges").await, "1500", "{sequence:?}");
    }
}

#[tokio::test]
async fn a_refund_is_in_the_trail_once_it_is_known_whose_it_is() {
    let t = TestApp::start().await;
    let of_nobody = json!({ "customer": "cus_later", "payment_intent": "pi_x", "amount_refunded": 500 });
    t.deliver(&charge("evt_2", t.now(), "charge.refunded", &of_nobody)).await.assert_outcome("ignored");
    let customer = format!(
        "insert into customers (org_id, livemode, stripe_customer_id) values ('{}', false, 'cus_later')",
        t.org
    );
    t.db.batch_execute(&customer).await.expect("a customer");
    let again = charge("evt_3", t.now(), "charge.refunded", &of_nobody);
    t.deliver(&again).await.assert_outcome("applied");
    assert_eq!(trail(&t).await, "payment_refunded 0 500");
}

#[tokio::test]
async fn a_refund_that_comes_before_its_payment_is_not_lost() {
    let t = TestApp::start().await;
    let full = charge("evt_3", t.now(), "charge.refunded", &json!({ "amount_refunded": 1500 }));
    t.deliver(&full).await.assert_outcome("ignored");
    t.deliver(&paid(&t)).await.assert_outcome("applied");
    assert_eq!(flags(&t).await["hasAPI"], false);
    assert_eq!(trail(&t).await, "payment_refunded 0 1500");
    assert_eq!(t.value("select org_id from charges").await, t.org);
}

#[tokio::test]
async fn a_dispute_ends_the_add_on_once_it_is_lost_and_not_before() {
    for (end, left) in [("lost", false), ("won", true)] {
        let t = TestApp::start().await;
        t.deliver(&paid(&t)).await.assert_outcome("applied");
        let opened = dispute("evt_2", t.now(), "charge.dispute.created", "needs_response");
        t.deliver(&opened).await.assert_outcome("applied");
        assert_eq!(flags(&t).await["hasAPI"], true);
        let closed = dispute("evt_3", t.now() + 1, "charge.dispute.closed", end);
        t.deliver(&closed).await.assert_outcome("applied");
        assert_eq!(flags(&t).await["hasAPI"], left, "{end}");
        // An older state that comes late changes nothing.
        let late = dispute("evt_4", t.now(), "charge.dispute.updated", "under_review");
        t.deliver(&late).await.assert_outcome("stale");
        assert_eq!(t.value("select dispute_status from charges").await, end);
        // Another dispute of the charge brings no money back.
        let again = dispute("evt_5", t.now() + 2, "charge.dispute.created", "needs_response");
        t.deliver(&again).await.assert_outcome(if left { "applied" } else { "stale" });
        assert_eq!(flags(&t).await["hasAPI"], left, "{end}");
    }
}

#[tokio::test]
async fn money_back_of_a_subscription_is_recorded_and_takes_nothing() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    let customer = t.value("select stripe_customer_id from customers").await;
    let of_it = json!({ "customer": customer, "amount_refunded": 1500, "payment_intent": "pi_invoice" });
    t.deliver(&charge("evt_2", t.now(), "charge.refunded", &of_it)).await.assert_outcome("applied");
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pro");
    assert_eq!(t.value("select telemetry ->> 'to' from runs where kind = 'payment_refunded'").await, "1500");
}

#[tokio::test]
async fn an_add_on_that_was_ended_by_hand_stays_ended() {
    let t = TestApp::start().await;
    t.deliver(&paid(&t)).await.assert_outcome("applied");
    let end = format!("select billing.pf_end_addon('{}', 'cs_test_addon', 'ada', 'ticket')", t.org);
    assert_eq!(t.value(&end).await, "true");
    assert_eq!((t.value(&end).await.as_str(), &flags(&t).await["hasAPI"]), ("false", &json!(false)));
    let part = charge("evt_2", t.now(), "charge.refunded", &json!({ "amount_refunded": 500 }));
    t.deliver(&part).await.assert_outcome("applied");
    assert_eq!(flags(&t).await["hasAPI"], false);
}
