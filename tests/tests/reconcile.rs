//! The reconciliation: what was missed, what failed, what drifted.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use futures_util::join;
use serde_json::{Value, json};
use shared::billing::limits::Limits;
use shared::billing::reconcile::{Sweep, reconcile};
use shared::stripe::event::PROCESSED;
use stripe_emulator::Fault;
use tests::model::{Act, Step, World};
use tests::{TestApp, truth, users};

/// Random changes, three minutes apart.
fn churn(t: &TestApp, world: &World, clock: &AtomicI64, steps: usize, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    for _ in 0..steps {
        clock.fetch_add(180_000, Ordering::SeqCst);
        let price = random.usize(0..5);
        let act = match random.u8(0..12) {
            0 | 1 => Act::Checkout { price },
            2 => Act::Subscribe { price, trial: random.bool(), named: random.bool() },
            3 | 4 => Act::Renew { succeeds: random.bool() },
            5 => Act::Pay,
            6 => Act::ChangePlan { price },
            7 => Act::ChangeQuantity,
            8 => Act::PauseCollection { void: random.bool() },
            9 => Act::Pause,
            10 => Act::CancelAtPeriodEnd,
            _ => Act::CancelNow,
        };
        world.act(t, &Step { pass_ms: 0, act, target: random.usize(0..1000) });
    }
}

/// Stripe's events of the types that we process, from the given one on.
fn processed_types(t: &TestApp, from: usize) -> u64 {
    let events = t.stripe.events_after(from);
    events.iter().filter(|event| PROCESSED.contains(&event["type"].as_str().unwrap_or_default())).count()
        as u64
}

#[tokio::test]
async fn after_an_outage_of_the_webhook_one_reconciliation_makes_everything_right() {
    let (t, clock) = TestApp::hours_ago(24).await;
    let world = World::create(&t, 12).await;
    churn(&t, &world, &clock, 60, 1);
    t.deliver_all().await;
    assert_eq!(truth::differences(&t).await, [""; 0]);

    let before = t.stripe.events().len();
    churn(&t, &world, &clock, 150, 2);
    let missed = processed_types(&t, before);
    assert!(missed > 100 && !truth::differences(&t).await.is_empty(), "{missed}");

    let report = t.reconcile().await;
    assert_eq!(truth::differences(&t).await, [""; 0]);
    assert_eq!(report.missed_events.recovered, missed);
    assert!(report.is_well() && !report.unfinished, "{report:?}");
    assert_eq!(report.subscriptions.drifted, 0, "the events told everything");
    let open = "select count(*) from webhook_events where status <> 'processed'";
    assert_eq!(t.value(open).await, "0");

    let again = t.reconcile().await;
    assert_eq!((again.missed_events.recovered, again.subscriptions.drifted), (0, 0));
    // What Stripe sends late after all changes nothing.
    let audit = t.value("select count(*) from runs").await;
    t.deliver_all().await;
    assert_eq!(t.value("select count(*) from runs").await, audit);
}

#[tokio::test]
async fn changes_whose_events_are_lost_for_good_are_found_by_the_comparison() {
    let (t, clock) = TestApp::hours_ago(24).await;
    let world = World::create(&t, 12).await;
    churn(&t, &world, &clock, 60, 3);
    t.deliver_all().await;
    churn(&t, &world, &clock, 100, 4);
    t.forget_events().await;
    let report = t.reconcile().await;
    assert_eq!(truth::differences(&t).await, [""; 0]);
    assert_eq!(report.missed_events.recovered, 0);
    assert!(report.subscriptions.drifted > 10 && report.is_well(), "{report:?}");
    assert_eq!(t.reconcile().await.subscriptions.drifted, 0);
    // Each change of a plan is in the audit trail, with its cause.
    assert_ne!(
        t.value(
            "select count(*) from runs where kind = 'plan_changed' and telemetry ->> 'cause' = 'reconcile'"
        )
        .await,
        "0"
    );
}

#[tokio::test]
async fn two_reconciliations_at_once_do_no_harm() {
    let (t, clock) = TestApp::hours_ago(24).await;
    let world = World::create(&t, 6).await;
    churn(&t, &world, &clock, 80, 5);
    let (one, other) = join!(t.reconcile(), t.reconcile());
    assert!(one.problems.is_empty() && other.problems.is_empty(), "{one:?} {other:?}");
    assert_eq!(truth::differences(&t).await, [""; 0]);
    let repeated =
        "select count(*) from (select lag(telemetry ->> 'to', 1, 'pilot') over (partition by org_id
          order by id) as before, telemetry ->> 'from' as begins from runs where kind = 'plan_changed') s
          where before <> begins";
    assert_eq!(t.value(repeated).await, "0");
}

#[tokio::test]
async fn when_time_is_up_it_stops_and_the_next_one_goes_on() {
    let (t, clock) = TestApp::hours_ago(24).await;
    let world = World::create(&t, 4).await;
    churn(&t, &world, &clock, 40, 6);
    let report =
        reconcile(&t.operator.resources(), Sweep::WhenDue, &Limits::default().until(Instant::now())).await;
    assert!(report.unfinished && report.problems.is_empty(), "{report:?}");
    assert_eq!(report.missed_events.recovered + report.subscriptions.checked, 0);
    let lambda_limit = SystemTime::from(t.app.clock.now()) + Duration::from_secs(20);
    assert!(
        reconcile::handle(&t.operator, lambda_limit).await.unwrap().unfinished,
        "less than its reserve is left"
    );
    let report = reconcile::handle(&t.operator, lambda_limit + Duration::from_secs(60)).await.unwrap();
    assert!(!report.unfinished);
    assert_eq!(truth::differences(&t).await, [""; 0]);
}

#[tokio::test]
async fn an_event_that_failed_is_tried_again_when_its_time_has_come() {
    let t = TestApp::start().await;
    let session = t.checkout_plan("pro", "month").await;
    t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
    t.forget_events().await;
    // It needs a read of Stripe, which fails.
    t.stripe.fail(Fault { path_prefix: "/v1/subscriptions".into(), status: 400, ..Fault::default() });
    t.deliver(&t.last_event("invoice.paid")).await.assert_failure(500, "processing_failed");
    // One that Stripe has forgotten.
    t.db.batch_execute(
        "insert into webhook_events (event_id, type, livemode, stripe_created_at, status,
           next_retry_at, last_attempt_at) values
         ('evt_forgotten', 'invoice.paid', false, now(), 'failed', now() - interval '1 hour', now()),
         ('evt_not_yet', 'invoice.paid', false, now(), 'failed', now() + interval '1 hour', now())",
    )
    .await
    .unwrap();
    let report = t.reconcile().await;
    assert_eq!((report.failed_events.recovered, report.failed_events.gone), (0, 1), "{report:?}");
    t.db.batch_execute("update webhook_events set next_retry_at = now() where error_code = 'stripe_error'")
        .await
        .unwrap();
    let report = t.reconcile().await;
    assert_eq!((report.failed_events.recovered, report.failed_events.gone), (1, 0), "{report:?}");
    let left = "select string_agg(concat_ws(' ', event_id, status, error_code), ', ' order by event_id)
        from webhook_events where status <> 'processed'";
    assert_eq!(t.value(left).await, "evt_forgotten failed gone_at_stripe, evt_not_yet failed");
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pro");
}

#[tokio::test]
async fn an_event_that_cannot_be_applied_is_counted_and_does_not_hold_up_the_others() {
    let t = TestApp::start().await;
    // A subscription of nobody.
    t.subscribe(&json!({}));
    let session = t.checkout_plan("pro", "month").await;
    t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
    let report = t.reconcile().await;
    assert_eq!(report.problems, [""; 0]);
    assert!(report.missed_events.failed > 0 && !report.is_well(), "{report:?}");
    assert_eq!(report.subscriptions.without_organization, 1);
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pro");
    assert_ne!(t.value("select count(*) from webhook_events where error_code = 'missing_org_id'").await, "0");
}

#[tokio::test]
async fn events_past_their_retention_are_removed_and_no_others() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    t.forget_events().await;
    let kept = t.value("select count(*) from webhook_events").await;
    t.db.batch_execute(
        "insert into webhook_events (event_id, type, livemode, stripe_created_at, status,
           outcome)
         select 'evt_old_' || n, 'invoice.paid', false, now() - interval '91 days', 'processed', 'stale'
         from generate_series(1, 5001) n",
    )
    .await
    .unwrap();
    assert_eq!(t.reconcile().await.pruned, 5001);
    assert_eq!(t.value("select count(*) from webhook_events").await, kept);
}

#[tokio::test]
async fn a_part_that_cannot_work_is_told_and_keeps_no_other_from_working() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    t.db.batch_execute("update webhook_events set stripe_created_at = now() - interval '91 days'")
        .await
        .unwrap();
    t.stripe.fail(Fault { path_prefix: "/v1/events".into(), status: 403, ..Fault::default() });
    let limit = SystemTime::from(t.app.clock.now()) + Duration::from_secs(600);
    let unwell = reconcile::handle(&t.operator, limit).await.unwrap_err().to_string();
    let report: Value = serde_json::from_str(unwell.split_once(": ").unwrap().1).unwrap();
    assert_eq!(report["problems"].as_array().unwrap().len(), 1, "{report}");
    assert!(
        report["problems"][0].as_str().unwrap().starts_with("missed events: stripe: refused with 403"),
        "{report}"
    );
    assert_eq!(report["subscriptions"]["checked"], 1);
    assert_ne!(report["pruned"], 0);
}

#[tokio::test]
async fn a_clock_that_is_ahead_lets_the_cursor_pass_no_event() {
    let (t, clock) = TestApp::hours_ago(24).await;
    t.stripe.follow(std::sync::Arc::clone(&clock), -600_000);
    let report = t.reconcile().await;
    assert_eq!(report.clock_skew_seconds, Some(600));
    assert_eq!(report.events_through.unwrap().as_second(), clock.load(Ordering::SeqCst) / 1000 - 600);
    clock.fetch_add(60_000, Ordering::SeqCst);
    let session = t.checkout_plan("pro", "month").await;
    t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
    clock.fetch_add(900_000, Ordering::SeqCst);
    assert!(t.reconcile().await.missed_events.recovered > 0);
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pro");
}
