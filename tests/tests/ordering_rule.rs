//! The ordering rule stands twice: in SQL, where the row and its lock are, and in Rust, to be read and
//! tested. They are one.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use shared::clock::Clock;
use shared::domain::ordering::{Answered, CLOCK_MARGIN, ReadTimes};
use small_worlds::oracle::{Decision, RowTimes, decide};
use tests::TestApp;

#[tokio::test]
async fn the_oracle_and_the_database_decide_alike() {
    let t = TestApp::start().await;
    let sql = "select created, carries, known_through, span, status,
          billing_private.ordering(created, carries, known_through, known_through + span, status)
        from generate_series(0, 12) created, generate_series(-1, 10) known_through,
          generate_series(0, 4) span,
          unnest(array[false, true]) carries,
          unnest(array[null, 'active', 'a_new_one', 'canceled', 'incomplete_expired']) status
        where known_through >= 0 or (span = 0 and status is null)";
    let rows = t.db.query(sql, &[]).await.unwrap();
    assert!(rows.len() > 5000);
    for row in rows {
        let (created, carries): (i32, bool) = (row.get(0), row.get(1));
        let (known_through, span): (i32, i32) = (row.get(2), row.get(3));
        let status: Option<&str> = row.get(4);
        let times = RowTimes {
            known_through: known_through.into(),
            may_include: (known_through + span).into(),
            ended: matches!(status, Some("canceled" | "incomplete_expired")),
        };
        // No row yet: both times are -1.
        let expected = match decide((known_through >= 0).then_some(times), created.into(), carries) {
            Decision::Covered => "covered",
            Decision::Write => "write",
            Decision::Read => "read",
        };
        assert_eq!(row.get::<_, &str>(5), expected, "created {created}, carries {carries}, {times:?}");
    }
}

#[tokio::test]
async fn rows_get_the_times_that_the_checked_rule_assumes() {
    let mut random = fastrand::Rng::with_seed(16);
    for _ in 0..4 {
        let mut t = TestApp::start().await;
        let clock = Arc::new(AtomicI64::new(t.now() * 1000));
        t.set_clock(&Clock::Fixed(Arc::clone(&clock)));
        t.stripe.follow(Arc::clone(&clock), 0);
        let subscription = t.buy("pro", "month").await;
        let before = t.stripe.events().len();
        for _ in 0..10 {
            clock.fetch_add([0, 400, 1_100, 9_000][random.usize(..4)], Ordering::SeqCst);
            t.stripe.change_quantity(&subscription, random.i64(1..1000)).unwrap();
        }
        let mut events = t.stripe.events().split_off(before);
        events.retain(|event| event["type"] == "customer.subscription.updated");
        random.shuffle(&mut events);
        for event in events {
            clock.fetch_add(random.i64(0..1500), Ordering::SeqCst);
            let before = times(&t, &subscription).await;
            let created = event["created"].as_i64().unwrap();
            let decision = decide(Some(before), created, true);
            let outcome = if decision == Decision::Covered { "stale" } else { "applied" };
            t.deliver(&event).await.assert_outcome(outcome);
            let after = times(&t, &subscription).await;
            let written = match decision {
                Decision::Covered => (before.known_through, before.may_include),
                Decision::Write => (created - 1, created),
                Decision::Read => {
                    let at = clock.load(Ordering::SeqCst).div_euclid(1000);
                    // How long the call took is whole seconds, rounded up: one, or more on a slow machine.
                    let took = (at - CLOCK_MARGIN - after.known_through).max(1);
                    let read = ReadTimes::of(0, Answered { at, took });
                    (read.known_through, read.may_include)
                }
            };
            let expected = RowTimes {
                known_through: before.known_through.max(written.0),
                may_include: before.may_include.max(written.1),
                ended: false,
            };
            assert_eq!(after, expected, "{before:?}, created {created}");
        }
    }
}

async fn times(t: &TestApp, subscription: &str) -> RowTimes {
    let sql = "select known_through, may_include from subscriptions where stripe_subscription_id = $1";
    let row = t.db.query_one(sql, &[&subscription]).await.unwrap();
    RowTimes { known_through: row.get(0), may_include: row.get(1), ended: false }
}
