//! The rolling comparison of all subscriptions with Stripe's.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::join;
use serde_json::json;
use shared::billing::limits::Limits;
use shared::billing::reconcile::{Sweep, sweep};
use shared::db::subscriptions::Purpose;
use stripe_emulator::Fault;
use tests::{TestApp, users};

const PURPOSE: Purpose<'static> = Purpose { cause: "test", grace_days: 7, dry_run: false };

#[tokio::test]
async fn the_comparison_runs_once_a_day_and_resumes_where_it_was_interrupted() {
    let (t, clock) = TestApp::hours_ago(48).await;
    for _ in 0..230 {
        t.subscribe(&json!({ "org_id": t.org }));
        clock.fetch_add(1000, Ordering::SeqCst);
    }
    let lists = || {
        let calls = t.stripe.requests();
        let lists = calls.iter().filter(|call| call.method == "GET" && call.path == "/v1/subscriptions");
        lists
            .map(|call| call.params["starting_after"].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    // The second page fails, however often it is tried.
    t.stripe.fail(Fault { path_prefix: "/v1/subscriptions".into(), status: 200, ..Fault::default() });
    t.stripe.fail(Fault {
        path_prefix: "/v1/subscriptions".into(),
        status: 400,
        times: 1,
        ..Fault::default()
    });
    let mut checked = 0;
    let failed = sweep(&t.operator.resources(), PURPOSE, Sweep::WhenDue, &Limits::default(), |page| {
        checked += page.tally.checked
    })
    .await;
    assert!(failed.is_err());
    assert_eq!(checked, 100);
    let done = sweep(&t.operator.resources(), PURPOSE, Sweep::WhenDue, &Limits::default(), |page| {
        checked += page.tally.checked
    })
    .await;
    assert!(done.unwrap());
    assert_eq!((checked, t.value("select count(*) from subscriptions").await.as_str()), (230, "230"));
    let asked = lists();
    assert_eq!(asked.len(), 4);
    assert_eq!((asked[0].as_str(), &asked[1]), ("", &asked[2]), "it went on with the page that failed");

    // Not again before the day is over.
    let due = |checked: &mut u64| -> u64 { std::mem::take(checked) };
    due(&mut checked);
    sweep(&t.operator.resources(), PURPOSE, Sweep::WhenDue, &Limits::default(), |page| {
        checked += page.tally.checked
    })
    .await
    .unwrap();
    assert_eq!(due(&mut checked), 0);
    clock.fetch_add(21 * 3_600_000, Ordering::SeqCst);
    sweep(&t.operator.resources(), PURPOSE, Sweep::WhenDue, &Limits::default(), |page| {
        checked += page.tally.checked
    })
    .await
    .unwrap();
    assert_eq!(due(&mut checked), 230);
}

#[tokio::test]
async fn a_state_that_an_event_brought_meanwhile_is_not_replaced_by_an_older_read() {
    let t = TestApp::start().await;
    let subscription = t.buy("pro", "month").await;
    t.stripe.advance(60);
    t.stripe.change_plan(&subscription, "promptforge_enterprise_month").unwrap();
    // The list is made now and answered late; meanwhile a newer state comes by its event.
    t.stripe.fail(Fault {
        path_prefix: "/v1/subscriptions".into(),
        status: 200,
        delay_ms: 60_000,
        ..Fault::default()
    });
    let limits = Limits::default();
    let resources = t.operator.resources();
    let late = sweep(&resources, PURPOSE, Sweep::Once, &limits, |_| ());
    let meanwhile = async {
        while !t.stripe.requests().iter().any(|call| call.method == "GET" && call.path == "/v1/subscriptions")
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        t.stripe.advance(60);
        t.stripe.cancel_now(&subscription).unwrap();
        t.deliver(&t.last_event("customer.subscription.deleted")).await.assert_outcome("applied");
        t.stripe.release_answers();
    };
    let (swept, ()) = join!(late, meanwhile);
    assert!(swept.unwrap());
    assert_eq!(t.value("select status from subscriptions").await, "canceled");
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pilot");
}

#[tokio::test]
async fn a_plan_that_was_written_by_hand_is_put_right_and_overrides_are_left_alone() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    let tampered = format!(
        "update entitlements set plan_code = 'enterprise' where source = 'plan';
         insert into entitlements (org_id, source, feature, enabled)
           values ('{}', 'override', 'hasAPI', true)",
        t.org
    );
    t.db.batch_execute(&tampered).await.unwrap();
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "enterprise");
    let report = t.reconcile().await;
    assert_eq!((report.subscriptions.drifted, report.subscriptions.repaired), (1, 1));
    let answer = t.entitlements(users::OWNER, &t.org).await;
    assert_eq!((answer.text("/planCode"), &answer.body["entitlements"]["hasAPI"]), ("pro", &json!(true)));
}

#[tokio::test]
async fn a_row_that_stripe_knows_nothing_of_is_reported_and_not_ended() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    t.db.batch_execute("update subscriptions set stripe_subscription_id = 'sub_of_another_account'")
        .await
        .unwrap();
    t.forget_events().await;
    let report = t.reconcile().await;
    assert_eq!(report.subscriptions.unexplained, 1);
    assert!(!report.is_well());
    // The wrong key would otherwise lock out everybody who pays.
    assert_eq!(
        t.value("select status from subscriptions where stripe_subscription_id = 'sub_of_another_account'")
            .await,
        "active"
    );
}
