//! One organization that is ill: the reconciliation goes past it, says so, and comes back to it. Several in a
//! row are an outage.

use serde_json::json;
use shared::billing::reconcile::ReconcileReport;
use stripe_emulator::Fault;
use tests::{TestApp, truth};

/// Organizations that each bought a subscription, of which no event came.
async fn missed(count: usize) -> (TestApp, Vec<String>) {
    let t = TestApp::start().await;
    let orgs = t.more_organizations(count).await;
    for org in &orgs {
        t.subscribe(&json!({ "org_id": org }));
    }
    (t, orgs)
}

/// Stripe's id of the organization's subscription.
fn subscription_of(t: &TestApp, org: &str) -> String {
    let all = t.stripe.subscriptions();
    let one = all.iter().find(|subscription| subscription["metadata"]["org_id"] == org).unwrap();
    one["id"].as_str().unwrap().to_owned()
}

/// Stripe answers every read of this subscription with an error.
fn poison_at_stripe(t: &TestApp, subscription: &str) {
    t.stripe.fail(Fault {
        path_prefix: format!("/v1/subscriptions/{subscription}"),
        times: u32::MAX,
        ..Fault::default()
    });
}

/// Every write of a row for which this holds raises an error.
async fn poison_rows(t: &TestApp, condition: &str) {
    let trap = format!(
        "create function poison() returns trigger language plpgsql as
           $$ begin raise exception 'this row is poisoned'; end $$;
         create trigger poison before insert or update on subscriptions for each row
           when ({condition}) execute function poison()"
    );
    t.db.batch_execute(&trap).await.unwrap();
}

async fn everything_is_due(t: &TestApp) {
    let due = "update webhook_events set next_retry_at = now() where status = 'failed';
        update reconcile_cursors set position = (
            select jsonb_object_agg(id, note || '{\"next_try\": 0}')
            from jsonb_each(position) as e (id, note))
          where name = 'postponed_subscriptions' and position <> '{}'";
    t.db.batch_execute(due).await.unwrap();
}

/// Up to when Stripe's events were gone through: nothing, or a time.
async fn cursor(t: &TestApp) -> String {
    t.value("select position ->> 'through' from reconcile_cursors where name = 'events'").await
}

fn told(report: &ReconcileReport, words: &[&str]) -> bool {
    report.problems.iter().any(|problem| words.iter().all(|word| problem.contains(word)))
}

/// All but the poisoned organization are right, and it is noted with the time of its next try.
async fn assert_passed(t: &TestApp, report: &ReconcileReport, org: &str, cause: &str) {
    for difference in truth::differences(t).await {
        let whose = [org, &subscription_of(t, org)];
        assert!(whose.iter().any(|name| difference.contains(name)), "{difference}: {report:#?}");
    }
    assert!(!cursor(t).await.is_empty(), "the cursor moves on: {report:#?}");
    let failed = "select count(*) filter (where next_retry_at is null or error_code is null) || ' of '
        || count(*) from webhook_events where status = 'failed'";
    let noted = t.value(failed).await;
    assert!(noted.starts_with("0 of ") && noted != "0 of 0", "{noted}");
    assert!(!report.is_well() && told(report, &[org, cause]), "{report:#?}");
    assert!(report.problems.iter().all(|problem| problem.contains(org)), "{report:#?}");
}

async fn assert_recovers(t: &TestApp) {
    everything_is_due(t).await;
    let report = t.reconcile().await;
    assert!(report.is_well(), "{report:#?}");
    assert_eq!(truth::differences(t).await, [""; 0]);
    assert_eq!(t.value("select count(*) from webhook_events where status <> 'processed'").await, "0");
    let postponed = "select count(*) from reconcile_cursors
        where name = 'postponed_subscriptions' and position <> '{}'";
    assert_eq!(t.value(postponed).await, "0");
}

#[tokio::test]
async fn one_subscription_that_stripe_cannot_answer_for_keeps_no_other_from_being_recovered() {
    let (t, orgs) = missed(7).await;
    let poisoned = subscription_of(&t, &orgs[3]);
    poison_at_stripe(&t, &poisoned);
    let report = t.reconcile().await;
    assert_passed(&t, &report, &orgs[3], "stripe: refused with 500").await;
    t.stripe.heal();
    assert_recovers(&t).await;
}

#[tokio::test]
async fn one_organization_whose_lock_is_held_keeps_no_other_from_being_recovered() {
    let (t, orgs) = missed(7).await;
    let holder = t.database.connect().await;
    let hold = format!("begin; select billing_private.lock_organizations(array['{}'::uuid])", orgs[3]);
    holder.batch_execute(&hold).await.unwrap();
    let report = t.reconcile().await;
    assert_passed(&t, &report, &orgs[3], "lock timeout").await;
    let (recovered, failed) = (report.missed_events.recovered, report.missed_events.failed);
    assert!(failed > 0 && recovered == 6 * failed, "one organization of seven: {report:#?}");
    holder.batch_execute("rollback").await.unwrap();
    assert_recovers(&t).await;
}

#[tokio::test]
async fn one_row_that_raises_an_error_keeps_no_other_from_being_recovered() {
    let (t, orgs) = missed(7).await;
    poison_rows(&t, &format!("new.org_id = '{}'", orgs[3])).await;
    let report = t.reconcile().await;
    assert_passed(&t, &report, &orgs[3], "this row is poisoned").await;
    t.db.batch_execute("drop trigger poison on subscriptions").await.unwrap();
    assert_recovers(&t).await;
}

#[tokio::test]
async fn the_comparison_goes_past_a_row_that_cannot_be_written_and_comes_back_to_it() {
    let (t, orgs) = missed(7).await;
    t.forget_events().await;
    poison_rows(&t, &format!("new.org_id = '{}'", orgs[3])).await;
    let poisoned = subscription_of(&t, &orgs[3]);
    let report = t.reconcile().await;
    assert_eq!((report.subscriptions.checked, report.subscriptions.failed), (7, 1), "{report:#?}");
    assert!(told(&report, &[&poisoned, &orgs[3], "this row is poisoned"]), "{report:#?}");
    assert_eq!(t.value("select count(*) from subscriptions").await, "6");
    let next = "select extract(epoch from now()) < (position -> (select min(id)
          from jsonb_object_keys(position) as id) ->> 'next_try')::bigint
        from reconcile_cursors where name = 'postponed_subscriptions'";
    assert_eq!(t.value(next).await, "true");
    t.db.batch_execute("drop trigger poison on subscriptions").await.unwrap();
    assert_recovers(&t).await;
}

#[tokio::test]
async fn one_organization_with_twenty_subscriptions_is_one_failure() {
    let (t, orgs) = missed(2).await;
    for _ in 0..20 {
        t.subscribe(&json!({ "org_id": t.org }));
    }
    poison_rows(&t, &format!("new.org_id = '{}'", t.org)).await;
    let report = t.reconcile().await;
    let right = format!("select count(*) from subscriptions where org_id in ('{}', '{}')", orgs[0], orgs[1]);
    assert_eq!(t.value(&right).await, "2", "{report:#?}");
    assert!(!cursor(&t).await.is_empty() && report.subscriptions.failed == 20, "{report:#?}");
    assert!(told(&report, &["more failed"]), "the first ones are told by name: {report:#?}");
    t.db.batch_execute("drop trigger poison on subscriptions").await.unwrap();
    assert_recovers(&t).await;
}

#[tokio::test]
async fn several_organizations_in_a_row_are_an_outage_which_moves_no_cursor() {
    let (t, _) = missed(9).await;
    poison_rows(&t, "true").await;
    let report = t.reconcile().await;
    let first = t.stripe.events()[0]["created"].as_i64().unwrap();
    let is_before = |cursor: &str| cursor.is_empty() || cursor.parse::<i64>().unwrap() < first;
    assert!(is_before(&cursor(&t).await), "{report:#?}");
    assert!(told(&report, &["missed events: database: ", "this row is poisoned"]), "{report:#?}");
    assert!(told(&report, &["subscriptions: database: ", "this row is poisoned"]), "{report:#?}");
    assert!(report.missed_events.failed < t.stripe.events().len() as u64, "the rest is left: {report:#?}");
    t.db.batch_execute("drop trigger poison on subscriptions").await.unwrap();
    assert_recovers(&t).await;
    assert!(!is_before(&cursor(&t).await));
}
