//! POST /api/webhooks/stripe while Stripe is ill: it is asked once and not for long, and what needs no answer
//! of it goes on.

use std::time::Duration;

use serde_json::{Value, json};
use stripe_emulator::Fault;
use tests::{TestApp, users};

const READS: &str = "/v1/subscriptions/sub_";

/// Events of two organizations, each about its subscription: one that needs a read, and one that carries all.
async fn with_events() -> (TestApp, Value, Value) {
    let t = TestApp::start().await;
    let mine = t.buy("pro", "month").await;
    t.stripe.advance(60);
    t.stripe.renew(&mine, true).unwrap();
    let event = t.last_event("invoice.paid");
    t.subscribe(&json!({ "org_id": t.other_org }));
    let whole = t.last_event("customer.subscription.created");
    (t, event, whole)
}

fn reads(t: &TestApp) -> usize {
    t.stripe.requests().iter().filter(|call| call.path.starts_with(READS)).count()
}

fn ill(t: &TestApp, fault: Fault) {
    t.stripe.fail(Fault { path_prefix: READS.to_owned(), times: u32::MAX, ..fault });
}

async fn assert_fails(t: &TestApp, event: &Value) {
    t.deliver(event).await.assert_failure(500, "processing_failed");
}

#[tokio::test]
async fn a_stripe_that_hangs_is_waited_for_once_and_then_not_asked_for_a_while() {
    let (t, event, whole) = with_events().await;
    // Held back until it is released below: every answer here is given without it.
    ill(&t, Fault { status: 200, delay_ms: 60_000, ..Fault::default() });
    let before = reads(&t);
    assert_fails(&t, &event).await;
    assert_fails(&t, &event).await;
    assert_eq!(reads(&t), before + 2, "one attempt each");
    assert_fails(&t, &event).await;
    assert_eq!(reads(&t), before + 2, "not asked");
    // What needs no read goes on meanwhile.
    t.deliver(&whole).await.assert_outcome("applied");
    let kept = "select concat_ws(' ', status, attempts, error_code) from webhook_events
        where status <> 'processed'";
    assert_eq!(t.value(kept).await, "failed 3 stripe_error");

    t.stripe.heal();
    t.stripe.release_answers();
    tokio::time::sleep(Duration::from_millis(5100)).await;
    t.deliver(&event).await.assert_outcome("applied");
    assert_eq!(reads(&t), before + 3);
}

#[tokio::test]
async fn an_error_of_stripes_is_not_tried_again_by_the_webhook_but_by_stripe() {
    for status in [500, 429, 409, 0] {
        let (t, event, whole) = with_events().await;
        ill(&t, Fault { status, ..Fault::default() });
        let before = reads(&t);
        for _ in 0..4 {
            assert_fails(&t, &event).await;
        }
        assert_eq!(reads(&t), before + 2, "{status}");
        t.deliver(&whole).await.assert_outcome("applied");
    }
}

#[tokio::test]
async fn one_failure_alone_keeps_no_other_event_from_its_read() {
    let (t, event, _) = with_events().await;
    t.stripe.fail(Fault { path_prefix: READS.to_owned(), ..Fault::default() });
    assert_fails(&t, &event).await;
    t.deliver(&event).await.assert_outcome("applied");
}

#[tokio::test]
async fn who_waits_for_an_answer_is_served_with_patience_meanwhile() {
    let (t, event, _) = with_events().await;
    ill(&t, Fault::default());
    for _ in 0..2 {
        assert_fails(&t, &event).await;
    }
    t.stripe.heal();
    t.stripe.fail(Fault { path_prefix: "/v1/billing_portal/sessions".to_owned(), ..Fault::default() });
    let portal = t.portal(users::OWNER, &json!({ "orgId": t.org })).await;
    assert_eq!(portal.status, 200, "{}", portal.body);
    let synced = t.sync(users::OWNER, &json!({ "orgId": t.org })).await;
    assert_eq!(synced.status, 200, "{}", synced.body);
}
