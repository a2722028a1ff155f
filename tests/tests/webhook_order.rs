//! POST /api/webhooks/stripe: a state that a newer one replaced never comes back.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::future::join_all;
use serde_json::{Value, json};
use stripe_emulator::Fault;
use tests::{TestApp, users};

/// A subscription that was made at one second, upgraded at a later one and canceled at the last, with the
/// three events.
async fn three_states(t: &TestApp) -> (String, Vec<Value>) {
    let start = t.now() - 1000;
    t.stripe.set_now(start);
    let session = t.checkout_plan("pro", "month").await;
    t.stripe.set_now(start + 100);
    t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
    let subscription = t.stripe.subscriptions().pop().unwrap()["id"].as_str().unwrap().to_owned();
    let created = t.last_event("customer.subscription.created");
    t.stripe.set_now(start + 200);
    t.stripe.change_plan(&subscription, "promptforge_enterprise_month").unwrap();
    let upgraded = t.last_event("customer.subscription.updated");
    t.stripe.set_now(start + 300);
    t.stripe.cancel_now(&subscription).unwrap();
    let deleted = t.last_event("customer.subscription.deleted");
    (subscription, vec![created, upgraded, deleted])
}

fn reads(t: &TestApp) -> usize {
    t.stripe
        .requests()
        .iter()
        .filter(|call| call.method == "GET" && call.path.starts_with("/v1/subscriptions/"))
        .count()
}

#[tokio::test]
async fn a_clock_of_ours_that_is_a_minute_wrong_changes_nothing() {
    for ahead in [-60_000, 60_000] {
        let (t, clock) = TestApp::hours_ago(1).await;
        t.stripe.follow(Arc::clone(&clock), -ahead);
        let session = t.checkout_plan("pro", "month").await;
        t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
        let subscription = t.stripe.subscription_ids().remove(0);
        let plan = async || t.value("select plan_code from subscriptions").await;
        // It names the subscription, which is read.
        t.deliver(&t.last_event("invoice.paid")).await.assert_outcome("applied");
        clock.fetch_add(10_000, Ordering::SeqCst);
        t.stripe.change_plan(&subscription, "promptforge_enterprise_month").unwrap();
        let upgraded = t.last_event("customer.subscription.updated");
        t.deliver(&upgraded).await.assert_outcome("applied");
        assert_eq!(plan().await, "enterprise", "ahead by {ahead} ms");
        clock.fetch_add(10_000, Ordering::SeqCst);
        t.stripe.change_quantity(&subscription, 2).unwrap();
        let more = t.last_event("customer.subscription.updated");
        clock.fetch_add(10_000, Ordering::SeqCst);
        t.stripe.change_plan(&subscription, "promptforge_pro_month").unwrap();
        t.stripe.renew(&subscription, true).unwrap();
        t.deliver(&t.last_event("invoice.paid")).await.assert_outcome("applied");
        t.deliver(&more).await.assert_outcome("stale");
        assert_eq!(plan().await, "pro", "ahead by {ahead} ms");
    }
}

#[tokio::test]
async fn an_older_state_does_not_replace_a_newer_one() {
    let t = TestApp::start().await;
    let (_, events) = three_states(&t).await;
    t.deliver(&events[1]).await.assert_outcome("applied");
    t.deliver(&events[0]).await.assert_outcome("stale");
    let row = "select concat_ws(' ', status, plan_code) from subscriptions";
    assert_eq!(t.value(row).await, "active enterprise");
    assert_eq!(
        t.value("select count(*) from webhook_events where status = 'processed' and outcome = 'stale'").await,
        "1"
    );
    assert_eq!(reads(&t), 0, "payloads of different seconds need no read");
}

#[tokio::test]
async fn what_is_deleted_stays_deleted() {
    let t = TestApp::start().await;
    let (_, events) = three_states(&t).await;
    t.deliver(&events[2]).await.assert_outcome("applied");
    let mut later = events[1].clone();
    later["id"] = json!("evt_later");
    later["created"] = json!(t.now() + 1000);
    for event in [&events[0], &events[1], &later] {
        t.deliver(event).await.assert_outcome("stale");
    }
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pilot");
}

#[tokio::test]
async fn every_order_of_three_states_ends_in_the_newest() {
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let t = TestApp::start().await;
        let (_, events) = three_states(&t).await;
        for index in order {
            assert_eq!(t.deliver(&events[index]).await.status, 200);
        }
        let row = "select concat_ws(' ', status, plan_code) from subscriptions";
        assert_eq!(t.value(row).await, "canceled enterprise", "{order:?}");
        assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pilot", "{order:?}");
    }
}

#[tokio::test]
async fn of_two_changes_in_one_second_stripe_is_asked_which_is_the_newer() {
    for newest_first in [false, true] {
        let t = TestApp::start().await;
        let start = t.now() - 1000;
        t.stripe.set_now(start);
        let session = t.checkout_plan("pro", "month").await;
        t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
        let subscription = t.stripe.subscriptions().pop().unwrap()["id"].as_str().unwrap().to_owned();
        t.stripe.set_now(start + 50);
        t.stripe.change_plan(&subscription, "promptforge_enterprise_month").unwrap();
        let up = t.last_event("customer.subscription.updated");
        t.stripe.change_plan(&subscription, "promptforge_pro_month").unwrap();
        let down = t.last_event("customer.subscription.updated");
        assert_eq!(up["created"], down["created"]);
        for event in if newest_first { [&down, &up] } else { [&up, &down] } {
            t.deliver(event).await.assert_outcome("applied");
        }
        assert_eq!(
            t.value("select plan_code from subscriptions").await,
            "pro",
            "newest first: {newest_first}"
        );
        assert_eq!(reads(&t), 1);
    }
}

#[tokio::test]
async fn an_event_that_a_newer_read_covers_costs_no_read() {
    let t = TestApp::start().await;
    let (_, events) = three_states(&t).await;
    // An invoice does not carry the subscription: Stripe is asked, and says it is deleted by now.
    t.deliver(&t.last_event("invoice.paid")).await.assert_outcome("applied");
    assert_eq!(reads(&t), 1);
    for event in &events {
        t.deliver(event).await.assert_outcome("stale");
    }
    assert_eq!(reads(&t), 1);
    assert_eq!(t.value("select status from subscriptions").await, "canceled");
}

#[tokio::test]
async fn a_slow_read_does_not_overwrite_what_came_meanwhile() {
    // A change in the invoice's own second leaves open which is the newer, so Stripe is asked again; a later
    // one covers the invoice.
    for (seconds_later, outcome, expected_reads) in [(0, "applied", 2), (500, "stale", 1)] {
        let t = TestApp::start().await;
        let then = t.now() - 1000;
        t.stripe.set_now(then);
        let session = t.checkout_plan("pro", "month").await;
        t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
        let subscription = t.stripe.subscription_ids().pop().unwrap();
        let invoice = t.last_event("invoice.paid");
        // The answer is made at once and held back, so that it is old when it comes.
        t.stripe.fail(Fault {
            path_prefix: "/v1/subscriptions/".to_owned(),
            status: 200,
            delay_ms: 60_000,
            ..Fault::default()
        });
        let meanwhile = async {
            while reads(&t) == 0 {
                tokio::task::yield_now().await;
            }
            t.stripe.set_now(then + seconds_later);
            t.stripe.change_plan(&subscription, "promptforge_enterprise_month").unwrap();
            t.deliver(&t.last_event("customer.subscription.updated")).await.assert_outcome("applied");
            t.stripe.release_answers();
        };
        let (slow, ()) = futures_util::join!(t.deliver(&invoice), meanwhile);
        slow.assert_outcome(outcome);
        assert_eq!(t.value("select plan_code from subscriptions").await, "enterprise");
        assert_eq!(reads(&t), expected_reads, "{seconds_later} s later");
    }
}

#[tokio::test]
async fn two_subscriptions_at_once_end_in_the_highest_plan_and_one_less_in_the_other() {
    let t = TestApp::start().await;
    let pro = t.buy("pro", "month").await;
    let customer = t.value("select stripe_customer_id from customers").await;
    let price = t
        .stripe
        .call("GET", "/v1/prices", &json!({ "lookup_keys": ["promptforge_enterprise_month"] }))
        .unwrap()["data"][0]["id"]
        .clone();
    t.stripe.advance(10);
    t.stripe
        .create_subscription(
            &json!({ "customer": customer, "items": [{ "price": price }], "metadata": { "org_id": t.org } }),
        )
        .unwrap();
    t.deliver_all().await;
    let both = t.entitlements(users::OWNER, &t.org).await;
    assert_eq!((both.text("/planCode"), &both.body["seats"]), ("enterprise", &json!(6)));
    assert_eq!(t.value("select count(*) from runs where kind = 'second_live_subscription'").await, "1");
    let enterprise = t
        .stripe
        .subscriptions()
        .into_iter()
        .map(|s| s["id"].as_str().unwrap().to_owned())
        .find(|id| *id != pro)
        .unwrap();
    t.stripe.advance(10);
    t.stripe.cancel_now(&enterprise).unwrap();
    t.stripe.change_quantity(&pro, 2).unwrap();
    join_all(
        [t.last_event("customer.subscription.deleted"), t.last_event("customer.subscription.updated")]
            .iter()
            .map(|event| t.deliver(event)),
    )
    .await;
    let one = t.entitlements(users::OWNER, &t.org).await;
    assert_eq!(
        (one.text("/planCode"), one.text("/status"), &one.body["seats"]),
        ("pro", "active", &json!(2))
    );
}

#[tokio::test]
async fn collection_paused_as_void_grants_nothing_and_other_pauses_keep_the_plan() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    let mut event = t.last_event("customer.subscription.updated");
    for (behavior, plan) in [("void", "pilot"), ("keep_as_draft", "pro"), ("mark_uncollectible", "pro")] {
        event["id"] = json!(format!("evt_{behavior}"));
        event["created"] = json!(event["created"].as_i64().unwrap() + 10);
        event["data"]["object"]["pause_collection"] = json!({ "behavior": behavior, "resumes_at": null });
        t.deliver(&event).await.assert_outcome("applied");
        assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), plan, "{behavior}");
    }
}

#[tokio::test]
async fn each_status_grants_what_it_should() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    let mut event = t.last_event("customer.subscription.updated");
    for (status, plan) in [
        ("active", "pro"),
        ("trialing", "pro"),
        ("past_due", "pro"),
        ("unpaid", "pilot"),
        ("paused", "pilot"),
        ("incomplete", "pilot"),
        ("a_status_of_the_future", "pilot"),
        ("active", "pro"),
        ("incomplete_expired", "pilot"),
    ] {
        event["created"] = json!(event["created"].as_i64().unwrap() + 10);
        event["id"] = json!(format!("evt_{status}_{}", event["created"]));
        event["data"]["object"]["status"] = json!(status);
        t.deliver(&event).await.assert_outcome("applied");
        let answer = t.entitlements(users::OWNER, &t.org).await;
        assert_eq!((answer.text("/planCode"), answer.text("/status")), (plan, status));
    }
}

#[tokio::test]
async fn cancel_at_alone_shows_when_it_ends() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    let mut event = t.last_event("customer.subscription.updated");
    event["id"] = json!("evt_cancel_at");
    event["created"] = json!(event["created"].as_i64().unwrap() + 10);
    event["data"]["object"]["cancel_at"] = json!(1_900_000_000);
    t.deliver(&event).await.assert_outcome("applied");
    let answer = t.entitlements(users::OWNER, &t.org).await;
    assert_eq!((answer.text("/planCode"), answer.text("/cancelAt")), ("pro", "2030-03-17T17:46:40Z"));
}
