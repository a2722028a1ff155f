//! POST /api/billing/checkout, of an organization that has bought already: nothing is bought twice.

use serde_json::json;
use stripe_emulator::Fault;
use tests::{TestApp, users};

use crate::checkout::open_sessions;

#[tokio::test]
async fn who_has_a_live_paid_subscription_uses_the_portal() {
    let t = TestApp::start().await;
    let subscription = t.buy("pro", "month").await;
    let again = t.checkout_plan("enterprise", "month").await;
    again.assert_failure(409, "already_subscribed");
    assert!(again.text("/error").contains("portal"));
    t.stripe.renew(&subscription, false).unwrap();
    t.deliver_all().await;
    t.checkout_plan("pro", "month").await.assert_failure(409, "already_subscribed");
    t.stripe.cancel_now(&subscription).unwrap();
    t.deliver_all().await;
    assert_eq!(t.checkout_plan("pro", "month").await.status, 200, "one that ended is no obstacle");
}

#[tokio::test]
async fn a_purchase_whose_webhook_is_still_on_its_way_counts() {
    let t = TestApp::start().await;
    let session = t.checkout_plan("pro", "month").await;
    t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
    assert_eq!(t.value("select count(*) from subscriptions").await, "0");
    t.checkout_plan("pro", "month").await.assert_failure(409, "already_subscribed");
}

#[tokio::test]
async fn a_purchase_that_stripe_does_not_list_yet_counts() {
    let t = TestApp::start().await;
    let session = t.checkout_plan("pro", "month").await;
    t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
    let nothing = json!({ "object": "list", "data": [], "has_more": false, "url": "/v1/subscriptions" });
    t.stripe.fail(Fault {
        method: Some("GET".to_owned()),
        path_prefix: "/v1/subscriptions".to_owned(),
        status: 200,
        body: Some(nothing),
        times: 2,
        ..Fault::default()
    });
    t.checkout_plan("pro", "month").await.assert_failure(409, "already_subscribed");
    assert_eq!(open_sessions(&t).len(), 0);
}

#[tokio::test]
async fn a_purchase_whose_first_payment_is_on_its_way_counts_until_it_is_given_up() {
    let t = TestApp::start().await;
    let id = t.buy("pro", "month").await;
    t.stripe.set_status(&id, "incomplete").unwrap();
    t.deliver_all().await;
    t.checkout_plan("pro", "month").await.assert_failure(409, "already_subscribed");
    assert_eq!(open_sessions(&t).len(), 0);
    t.stripe.cancel_now(&id).unwrap();
    assert_eq!(t.checkout_plan("pro", "month").await.status, 200);
}

#[tokio::test]
async fn one_that_was_paid_and_is_paused_counts_whoever_is_told_first() {
    let t = TestApp::start().await;
    let id = t.buy("pro", "month").await;
    t.stripe.advance(60);
    t.stripe.pause(&id).unwrap();
    t.checkout_plan("pro", "month").await.assert_failure(409, "already_subscribed");
    t.deliver_all().await;
    t.checkout_plan("pro", "month").await.assert_failure(409, "already_subscribed");
    let now = t.entitlements(users::OWNER, &t.org).await;
    assert_eq!((now.text("/planCode"), now.text("/reason")), ("pilot", "paused"));
    let forgotten = t.billing(&["forget", &t.org, "--yes-forget", &t.org]).await;
    assert!(forgotten.status == 1 && forgotten.complaint.contains(&id), "{forgotten:?}");
    t.stripe.cancel_now(&id).unwrap();
    t.deliver_all().await;
    assert_eq!(t.checkout_plan("pro", "month").await.status, 200);
}

#[tokio::test]
async fn a_free_pilot_subscription_is_no_obstacle_to_buying() {
    let t = TestApp::start().await;
    t.buy("pilot", "month").await;
    assert_eq!(t.checkout_plan("pro", "month").await.status, 200);
}

#[tokio::test]
async fn a_first_session_that_is_paid_while_a_second_one_is_opened_is_not_bought_twice() {
    let t = TestApp::start().await;
    t.stripe.set_now(t.now() - 120);
    let first = t.checkout_plan("pro", "month").await;
    t.stripe.set_now(t.now());
    // The lists are answered before the payment and held back; the session is created after it.
    t.stripe.fail(Fault {
        method: Some("GET".to_owned()),
        path_prefix: "/v1/".to_owned(),
        status: 200,
        delay_ms: 60_000,
        times: 3,
        ..Fault::default()
    });
    let asked = || t.stripe.requests().iter().filter(|call| call.method == "GET").count();
    let before = asked();
    let (second, ()) = futures_util::join!(t.checkout_plan("pro", "month"), async {
        while asked() < before + 3 {
            tokio::task::yield_now().await;
        }
        t.stripe.pay_checkout_session(first.text("/sessionId")).unwrap();
        t.stripe.release_answers();
    });
    second.assert_failure(409, "already_subscribed");
    assert_eq!(open_sessions(&t).len(), 0);
}
