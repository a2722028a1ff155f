//! POST /api/webhooks/stripe: a failed payment. The plan outlasts it for a while: what was last paid, from
//! when the unpaid period began.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::{Value, json};
use shared::clock::Clock;
use tests::said::{Said, item, said};
use tests::{TestApp, users};

pub(super) const DAY: i64 = 86_400;

pub(super) async fn answer(t: &TestApp) -> Value {
    t.entitlements(users::OWNER, &t.org).await.body.clone()
}

pub(super) fn pro(t: &TestApp, created: i64) -> Said {
    said(created).named(&t.org)
}

pub(super) fn enterprise(t: &TestApp, created: i64, quantity: i64) -> Said {
    pro(t, created).items(&[item("promptforge_enterprise_month", quantity)])
}

/// Until when the plan stays, in days from now.
pub(super) async fn grace_days(t: &TestApp) -> String {
    let left = "select round(extract(epoch from grace_until - now()) / 86400) from subscriptions";
    t.value(left).await
}

#[tokio::test]
async fn an_upgrade_whose_payment_fails_gives_nothing_more_than_what_was_paid() {
    let t = TestApp::start().await;
    let now = t.now();
    t.say(&pro(&t, now - 20 * DAY).period(now - 20 * DAY)).await.assert_outcome("applied");
    let failed = enterprise(&t, now - 60, 999).status("past_due").period(now - 20 * DAY);
    t.say(&failed).await.assert_outcome("applied");
    let kept = answer(&t).await;
    assert_eq!(
        (&kept["planCode"], &kept["seats"], &kept["status"]),
        (&json!("pro"), &json!(1), &json!("past_due"))
    );
    assert_eq!(grace_days(&t).await, "7", "the period was paid: only the change is not");
    t.say(&enterprise(&t, now - 30, 999).period(now - 20 * DAY)).await.assert_outcome("applied");
    let paid = answer(&t).await;
    assert_eq!((&paid["planCode"], &paid["seats"]), (&json!("enterprise"), &json!(4995)));
}

/// A purchase and, so many seconds later, an upgrade that is not paid; with their events.
async fn a_failed_upgrade(seconds: i64) -> (TestApp, Vec<Value>) {
    let mut t = TestApp::start().await;
    let clock = Arc::new(AtomicI64::new(t.app.clock.now().as_millisecond() - DAY * 1000));
    t.set_clock(&Clock::Fixed(Arc::clone(&clock)));
    t.stripe.follow(Arc::clone(&clock), 0);
    let session = t.checkout_plan("pro", "month").await;
    t.stripe.pay_checkout_session(session.text("/sessionId")).expect("pay");
    let subscription = t.stripe.subscription_ids().remove(0);
    clock.fetch_add(seconds * 1000, Ordering::SeqCst);
    t.stripe.set_card(&subscription, false).unwrap();
    t.stripe.upgrade(&subscription, "promptforge_enterprise_month", 999).unwrap();
    let events = t.stripe.events();
    (t, events)
}

/// What is left after it. The events come as told.
async fn after_a_failed_upgrade(seconds: i64, thin: bool, turned: bool) -> [Value; 3] {
    let (t, mut events) = a_failed_upgrade(seconds).await;
    if turned {
        events.reverse();
    }
    for event in events {
        let id = event["id"].as_str().unwrap();
        let event = if thin { t.stripe.event_as_thin(id).unwrap() } else { event };
        assert_eq!(t.deliver(&event).await.status, 200, "{event}");
    }
    let kept = answer(&t).await;
    ["planCode", "status", "seats"].map(|field| kept[field].clone())
}

#[tokio::test]
async fn stripe_says_active_of_an_upgrade_before_its_payment_fails_and_that_is_no_payment() {
    for seconds in [0, 3600] {
        for (thin, turned) in [(false, false), (false, true), (true, false), (true, true)] {
            let kept = after_a_failed_upgrade(seconds, thin, turned).await;
            let case = format!("{seconds} s later, thin: {thin}, turned: {turned}");
            assert_eq!(kept, [json!("pro"), json!("past_due"), json!(1)], "{case}");
        }
    }
}

#[tokio::test]
async fn what_a_thin_event_says_was_paid_counts_in_whatever_order_it_comes() {
    let orders = (0..256).map(|n: usize| [n / 64, n / 16 % 4, n / 4 % 4, n % 4]);
    for order in orders.filter(|order| order.iter().collect::<BTreeSet<_>>().len() == 4) {
        let (t, events) = a_failed_upgrade(3600).await;
        let states: Vec<&Value> =
            events.iter().filter(|event| event["data"]["object"]["object"] == "subscription").collect();
        let said = states.iter().map(|event| event["data"]["object"]["status"].as_str().unwrap());
        assert_eq!(said.collect::<Vec<_>>(), ["incomplete", "active", "active", "past_due"]);
        for index in order {
            let id = states[index]["id"].as_str().unwrap();
            let event = if index == 1 { &t.stripe.event_as_thin(id).unwrap() } else { states[index] };
            assert_eq!(t.deliver(event).await.status, 200, "{order:?}");
        }
        let kept = answer(&t).await;
        assert_eq!((&kept["planCode"], &kept["seats"]), (&json!("pro"), &json!(1)), "{order:?}");
    }
}

#[tokio::test]
async fn what_was_active_for_a_day_was_paid_and_what_another_purchase_followed_was_too() {
    let t = TestApp::start().await;
    let (now, start) = (t.now(), t.now() - 9 * DAY);
    t.say(&pro(&t, start).period(start)).await.assert_outcome("applied");
    t.say(&enterprise(&t, now - 2 * DAY, 2).period(start)).await.assert_outcome("applied");
    let failed = enterprise(&t, now - 60, 2).status("past_due").period(start);
    t.say(&failed).await.assert_outcome("applied");
    assert_eq!(answer(&t).await["seats"], 10);
    let t = TestApp::start().await;
    for (seconds, quantity) in [(120, 2), (61, 3)] {
        t.say(&enterprise(&t, now - seconds, quantity).period(start)).await.assert_outcome("applied");
    }
    // It was paid before all of that, and is told late: that is not the last payment.
    t.say(&pro(&t, now - 180).period(start)).await.assert_outcome("stale");
    let failed = enterprise(&t, now - 60, 3).status("past_due").period(start);
    t.say(&failed).await.assert_outcome("applied");
    assert_eq!(answer(&t).await["seats"], 10);
}

#[tokio::test]
async fn what_was_paid_before_the_first_state_that_was_seen_counts_though_it_is_told_late() {
    let t = TestApp::start().await;
    let (now, start) = (t.now(), t.now() - DAY);
    t.say(&enterprise(&t, now - 61, 999).period(start)).await.assert_outcome("applied");
    t.say(&pro(&t, start).period(start)).await.assert_outcome("stale");
    let paid = answer(&t).await;
    assert_eq!((&paid["planCode"], &paid["graceEndsAt"]), (&json!("enterprise"), &Value::Null));
    let failed = enterprise(&t, now - 60, 999).status("past_due").period(start);
    t.say(&failed).await.assert_outcome("applied");
    let kept = answer(&t).await;
    assert_eq!((&kept["planCode"], &kept["seats"]), (&json!("pro"), &json!(1)));
}

#[tokio::test]
async fn what_was_paid_is_known_in_whatever_order_the_events_come() {
    let now = TestApp::start().await.now();
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let t = TestApp::start().await;
        let events = [
            pro(&t, now - 600).period(now - DAY),
            enterprise(&t, now - 500, 2).period(now - DAY),
            enterprise(&t, now - 400, 999).status("past_due").period(now - DAY),
        ];
        for index in order {
            assert_eq!(t.say(&events[index]).await.status, 200);
        }
        let kept = answer(&t).await;
        assert_eq!((&kept["planCode"], &kept["seats"]), (&json!("enterprise"), &json!(10)), "{order:?}");
        assert_eq!(t.value("select status from subscriptions").await, "past_due", "{order:?}");
    }
}

#[tokio::test]
async fn a_first_payment_that_is_told_after_the_upgrade_that_failed_counts_and_the_upgrade_does_not() {
    let now = TestApp::start().await.now();
    let orders = (0..256).map(|n: usize| [n / 64, n / 16 % 4, n / 4 % 4, n % 4]);
    for order in orders.filter(|order| order.iter().collect::<BTreeSet<_>>().len() == 4) {
        let t = TestApp::start().await;
        let events = [
            pro(&t, now - 600).status("incomplete").period(now - DAY),
            pro(&t, now - 590).period(now - DAY),
            enterprise(&t, now - 500, 999).period(now - DAY),
            enterprise(&t, now - 490, 999).status("past_due").period(now - DAY),
        ];
        for index in order {
            assert_eq!(t.say(&events[index]).await.status, 200);
        }
        let kept = answer(&t).await;
        assert_eq!((&kept["planCode"], &kept["seats"]), (&json!("pro"), &json!(1)), "{order:?}");
    }
}

#[tokio::test]
async fn grace_begins_when_the_unpaid_period_did_though_it_is_seen_late() {
    let t = TestApp::start().await;
    let now = t.now();
    t.say(&pro(&t, now - 60).status("past_due").period(now - 25 * DAY)).await.assert_outcome("applied");
    let over = answer(&t).await;
    assert_eq!(
        (&over["planCode"], &over["status"], &over["reason"]),
        (&json!("pilot"), &json!("past_due"), &json!("grace_over"))
    );
    let t = TestApp::start().await;
    t.say(&pro(&t, now - 60).status("past_due").period(now - 2 * DAY)).await.assert_outcome("applied");
    assert_eq!((&answer(&t).await["planCode"], grace_days(&t).await.as_str()), (&json!("pro"), "5"));
}

#[tokio::test]
async fn grace_does_not_begin_again_before_a_payment() {
    let t = TestApp::start().await;
    let now = t.now();
    t.say(&pro(&t, now - 40 * DAY).period(now - 40 * DAY)).await.assert_outcome("applied");
    t.say(&pro(&t, now - 10 * DAY).status("past_due").period(now - 10 * DAY)).await.assert_outcome("applied");
    assert_eq!(answer(&t).await["reason"], "grace_over");
    // Stripe gave up, tries again, extends a trial, begins another period: nothing of it is a payment.
    for (seconds, status) in [(90, "unpaid"), (80, "past_due"), (70, "paused"), (60, "past_due")] {
        t.say(&pro(&t, now - seconds).status(status).period(now - 10 * DAY)).await.assert_outcome("applied");
        assert_eq!(answer(&t).await["planCode"], "pilot", "{status}");
    }
    t.say(&pro(&t, now - 50).status("past_due").period(now - 55)).await.assert_outcome("applied");
    assert_eq!(answer(&t).await["planCode"], "pilot");
    t.say(&pro(&t, now - 40).period(now - 55)).await.assert_outcome("applied");
    t.say(&pro(&t, now - 30).status("past_due").period(now - 35)).await.assert_outcome("applied");
    assert_eq!((&answer(&t).await["planCode"], grace_days(&t).await.as_str()), (&json!("pro"), "7"));
}

#[tokio::test]
async fn a_grace_that_runs_keeps_its_length_whoever_writes_next() {
    let mut t = TestApp::start_with(&[("GRACE_DAYS", "30")]).await;
    let now = t.now();
    t.say(&pro(&t, now - 40 * DAY).period(now - 40 * DAY)).await.assert_outcome("applied");
    t.say(&pro(&t, now - 10 * DAY).status("past_due").period(now - 10 * DAY)).await.assert_outcome("applied");
    assert_eq!(grace_days(&t).await, "20");
    t.app.config.grace_days = 7;
    let failing = pro(&t, now - 60).status("past_due").period(now - 10 * DAY);
    t.say(&failing.with("cancel_at_period_end", json!(true))).await.assert_outcome("applied");
    assert_eq!(grace_days(&t).await, "20");
    // What was paid is told late: the grace begins later, and is as long.
    t.say(&pro(&t, now - 50).status("past_due").period(now - 2 * DAY)).await.assert_outcome("applied");
    t.say(&pro(&t, now - 5 * DAY).period(now - 10 * DAY)).await.assert_outcome("stale");
    assert_eq!(grace_days(&t).await, "28");
    t.say(&pro(&t, now - 48).period(now - 55)).await.assert_outcome("applied");
    t.say(&pro(&t, now - 40).status("past_due").period(now - 45)).await.assert_outcome("applied");
    assert_eq!(grace_days(&t).await, "7", "of the payment that fails next");
}

#[tokio::test]
async fn to_be_taken_up_again_after_a_pause_is_no_payment() {
    let t = TestApp::start().await;
    let now = t.now();
    t.say(&pro(&t, now - 40 * DAY).period(now - 40 * DAY)).await.assert_outcome("applied");
    t.say(&pro(&t, now - 10 * DAY).status("past_due").period(now - 10 * DAY)).await.assert_outcome("applied");
    for (seconds, status, begins) in
        [(90, "paused", 10 * DAY), (80, "active", 80), (70, "past_due", 80), (60, "past_due", 80)]
    {
        t.say(&pro(&t, now - seconds).status(status).period(now - begins)).await.assert_outcome("applied");
    }
    let over = answer(&t).await;
    assert_eq!((&over["planCode"], &over["reason"]), (&json!("pilot"), &json!("grace_over")));
}

#[tokio::test]
async fn a_payment_that_is_told_late_begins_the_grace_anew() {
    let t = TestApp::start().await;
    let now = t.now();
    t.say(&pro(&t, now - 60 * DAY).period(now - 60 * DAY)).await.assert_outcome("applied");
    t.say(&pro(&t, now - 30 * DAY).status("past_due").period(now - 30 * DAY)).await.assert_outcome("applied");
    t.say(&pro(&t, now - 60).status("past_due").period(now - DAY)).await.assert_outcome("applied");
    assert_eq!(answer(&t).await["planCode"], "pilot");
    t.say(&pro(&t, now - 20 * DAY).period(now - 30 * DAY)).await.assert_outcome("stale");
    assert_eq!((&answer(&t).await["planCode"], grace_days(&t).await.as_str()), (&json!("pro"), "6"));
}

#[tokio::test]
async fn on_a_test_clock_grace_ends_by_that_clock() {
    let t = TestApp::start().await;
    let clock = t.now() + 100 * DAY;
    let on_clock = |said: Said| said.with("test_clock", json!("clock_1"));
    t.say(&on_clock(pro(&t, clock - 32 * DAY)).period(clock - 32 * DAY)).await.assert_outcome("applied");
    let failed = on_clock(pro(&t, clock).status("past_due")).period(clock - 2 * DAY);
    t.say(&failed).await.assert_outcome("applied");
    assert_eq!(answer(&t).await["planCode"], "pro");
    let left = "select round(extract(epoch from expires_at - now()) / 86400) from entitlements";
    assert_eq!(t.value(left).await, "5", "though the clock is a hundred days ahead");
    let ready = |id: &str, time: i64| {
        let clock = json!({ "id": "clock_1", "object": "test_helpers.test_clock", "frozen_time": time });
        tests::said::event(id, "test_helpers.test_clock.ready", time, clock)
    };
    t.deliver(&ready("evt_c1", clock + 4 * DAY)).await.assert_outcome("applied");
    assert_eq!(answer(&t).await["planCode"], "pro");
    t.deliver(&ready("evt_c2", clock + 6 * DAY)).await.assert_outcome("applied");
    let over = answer(&t).await;
    assert_eq!((&over["planCode"], &over["reason"]), (&json!("pilot"), &json!("grace_over")));
}
