//! POST /api/webhooks/stripe: a failed payment after a trial. There is no grace before anything was paid.

use serde_json::{Value, json};
use tests::TestApp;
use tests::said::Said;

use crate::webhook_grace::{DAY, answer, enterprise, grace_days, pro};

#[tokio::test]
async fn a_trial_that_was_never_paid_has_no_grace() {
    for seen in [true, false] {
        let t = TestApp::start().await;
        let now = t.now();
        let trial_end = json!(now - 60);
        if seen {
            let trial = pro(&t, now - 14 * DAY).status("trialing").with("trial_end", trial_end.clone());
            t.say(&trial.period(now - 14 * DAY)).await.assert_outcome("applied");
            assert_eq!(answer(&t).await["planCode"], "pro");
        }
        let failed = pro(&t, now - 30).status("past_due").with("trial_end", trial_end).period(now - 60);
        t.say(&failed).await.assert_outcome("applied");
        let none = answer(&t).await;
        assert_eq!((&none["planCode"], &none["reason"]), (&json!("pilot"), &json!("never_paid")));
    }
}

#[tokio::test]
async fn a_trial_is_not_paid_by_being_active_until_its_first_payment_fails() {
    let t = TestApp::start().await;
    let now = t.now();
    let after_trial = |seconds: i64| pro(&t, now - seconds).with("trial_end", json!(now - 3600));
    let trial = after_trial(9 * DAY).status("trialing").period(now - 9 * DAY);
    t.say(&trial).await.assert_outcome("applied");
    t.say(&after_trial(3600).period(now - 3600)).await.assert_outcome("applied");
    assert_eq!(answer(&t).await["planCode"], "pro");
    t.say(&after_trial(30).status("past_due").period(now - 3600)).await.assert_outcome("applied");
    let none = answer(&t).await;
    assert_eq!((&none["planCode"], &none["reason"]), (&json!("pilot"), &json!("never_paid")));
}

#[tokio::test]
async fn what_a_trial_is_changed_to_before_anything_was_paid_has_no_grace() {
    let t = TestApp::start().await;
    let now = t.now();
    let after_trial = |said: Said| said.with("trial_end", json!(now - 3600));
    let trial = pro(&t, now - 9 * DAY).status("trialing").period(now - 9 * DAY);
    t.say(&after_trial(trial)).await.assert_outcome("applied");
    let failed = pro(&t, now - 3600).status("past_due").period(now - 3600);
    t.say(&after_trial(failed)).await.assert_outcome("applied");
    // An upgrade, which begins another period; Stripe gives up; the trial's pause; another period; and a
    // change that Stripe says is active before its payment fails.
    let steps = [
        (90, "past_due", 1, 3600),
        (80, "past_due", 2, 80),
        (70, "unpaid", 2, 80),
        (60, "past_due", 2, 65),
        (50, "paused", 2, 65),
        (40, "past_due", 3, 45),
        (30, "active", 4, 45),
        (29, "past_due", 4, 45),
        (20, "past_due", 4, 25),
    ];
    for (seconds, status, quantity, period) in steps {
        let state = enterprise(&t, now - seconds, quantity).status(status).period(now - period);
        t.say(&after_trial(state)).await.assert_outcome("applied");
        if status != "active" {
            let none = answer(&t).await;
            let given = (&none["planCode"], &none["reason"]);
            assert_eq!(given.0, "pilot", "{seconds} {status}: {none}");
            assert!(status != "past_due" || given.1 == "never_paid", "{seconds}: {none}");
        }
    }
    // It was paid between two of these, which is told late.
    t.say(&after_trial(pro(&t, now - 85).period(now - 86))).await.assert_outcome("stale");
    assert_eq!(answer(&t).await["planCode"], "pro");
}

#[tokio::test]
async fn what_changes_before_the_first_payment_after_a_trial_fails_was_not_paid() {
    let now = TestApp::start().await.now();
    let ended = now - 4000;
    let first = |t: &TestApp| pro(t, ended).period(ended);
    let changed =
        |t: &TestApp, seconds: i64, quantity: i64| enterprise(t, now - seconds, quantity).period(ended);
    let failed = |said: Said| said.status("past_due");
    type Steps<'a> = Vec<(Said, &'a str)>;
    let stories: [&dyn Fn(&TestApp) -> Steps<'static>; 5] = [
        &|t| {
            vec![
                (first(t), "applied"),
                (changed(t, 3000, 999), "applied"),
                (changed(t, 2900, 998), "applied"),
                (failed(changed(t, 400, 998)), "applied"),
            ]
        },
        &|t| vec![(first(t), "applied"), (failed(changed(t, 400, 9)), "applied")],
        &|t| {
            vec![
                (failed(changed(t, 100, 100)).period(now - 100), "applied"),
                (failed(pro(t, ended + 300)).period(ended), "stale"),
                (first(t), "stale"),
            ]
        },
        &|t| {
            vec![
                (failed(pro(t, ended + 300)).period(ended), "applied"),
                (failed(changed(t, 100, 100)).period(now - 100), "applied"),
                (first(t), "stale"),
            ]
        },
        &|t| {
            vec![
                (changed(t, 3000, 4), "applied"),
                (first(t), "stale"),
                (failed(changed(t, 400, 5)), "applied"),
            ]
        },
    ];
    for (number, story) in stories.iter().enumerate() {
        let t = TestApp::start().await;
        let with_trial = |said: Said| said.with("trial_end", json!(ended));
        let trial = pro(&t, now - 14 * DAY).status("trialing").period(now - 14 * DAY);
        t.say(&with_trial(trial)).await.assert_outcome("applied");
        for (said, outcome) in story(&t) {
            t.say(&with_trial(said)).await.assert_outcome(outcome);
        }
        let none = answer(&t).await;
        let told = [&none["planCode"], &none["reason"], &none["graceEndsAt"]];
        assert_eq!(told, [&json!("pilot"), &json!("never_paid"), &Value::Null], "{number}: {none}");
    }
}

#[tokio::test]
async fn whoever_paid_after_a_trial_keeps_it_when_an_upgrade_fails_on_the_same_day() {
    let t = TestApp::start_with(&[("TRIAL_DAYS", "14")]).await;
    let subscription = t.buy("pro", "month").await;
    t.stripe.renew(&subscription, true).unwrap();
    t.deliver_all().await;
    assert_eq!(
        t.value("select paid_items is not null from subscriptions").await,
        "true",
        "its invoice says so"
    );
    t.stripe.advance(60);
    t.stripe.set_card(&subscription, false).unwrap();
    t.stripe.upgrade(&subscription, "promptforge_enterprise_month", 9).unwrap();
    t.deliver_all().await;
    let kept = answer(&t).await;
    assert_eq!((&kept["planCode"], &kept["status"]), (&json!("pro"), &json!("past_due")), "{kept}");
}

#[tokio::test]
async fn a_period_that_passed_after_a_trial_was_paid_though_it_was_seen_only_at_its_end() {
    let t = TestApp::start().await;
    let renewed = t.now() - 3600;
    let ended = renewed - 30 * DAY;
    let since_trial = |said: Said| said.with("trial_end", json!(ended));
    for state in [
        pro(&t, renewed - 10 * 3600).period(ended),
        pro(&t, renewed).period(renewed),
        pro(&t, renewed + 60).status("past_due").period(renewed),
    ] {
        t.say(&since_trial(state)).await.assert_outcome("applied");
    }
    assert_eq!((&answer(&t).await["planCode"], grace_days(&t).await.as_str()), (&json!("pro"), "7"));
}

#[tokio::test]
async fn an_invoice_says_that_a_first_payment_was_made_if_money_was_paid() {
    for (amount, plan) in [(json!(4900), "pro"), (json!(0), "pilot"), (Value::Null, "pilot")] {
        let t = TestApp::start().await;
        let ended = t.now() - 3600;
        let since_trial = |said: Said| said.with("trial_end", json!(ended));
        let trial = pro(&t, ended - 14 * DAY).status("trialing").period(ended - 14 * DAY);
        t.say(&since_trial(trial)).await.assert_outcome("applied");
        t.say(&since_trial(pro(&t, ended + 600).period(ended))).await.assert_outcome("applied");
        // The row is newer than the invoice.
        let invoice = json!({ "id": "in_1", "object": "invoice", "customer": "cus_1", "amount_paid": amount,
            "parent": { "subscription_details": { "subscription": "sub_1" } } });
        t.deliver(&tests::said::event("evt_i", "invoice.paid", ended + 300, invoice))
            .await
            .assert_outcome("stale");
        let failed = enterprise(&t, ended + 900, 9).status("past_due").period(ended);
        t.say(&since_trial(failed)).await.assert_outcome("applied");
        assert_eq!(answer(&t).await["planCode"], plan, "{amount}");
    }
}
