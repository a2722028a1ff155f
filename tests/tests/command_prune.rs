//! `billing prune`.

use tests::TestApp;

#[tokio::test]
async fn what_is_past_its_retention_is_counted_and_then_removed() {
    let t = TestApp::start().await;
    t.db.batch_execute(
        "insert into webhook_events (event_id, type, livemode, stripe_created_at, status,
           outcome)
         select 'evt_' || days || '_' || n, 'invoice.paid', false, now() - make_interval(days => days),
           'processed', 'stale'
         from unnest(array[1, 65, 91]) days, generate_series(1, 3) n",
    )
    .await
    .unwrap();
    let dry = t.billing(&["prune", "--dry-run"]).await;
    assert_eq!((dry.status, dry.output.as_str()), (0, "3 events past 90 days. Nothing was removed."));
    assert_eq!(t.value("select count(*) from webhook_events").await, "9");
    assert_eq!(t.billing(&["prune"]).await.output, "3 events past 90 days removed.");
    assert_eq!(t.billing_json(0, &["prune", "--days", "62"]).await["events"], 3);
    assert_eq!(
        t.value("select string_agg(event_id, ' ' order by event_id) from webhook_events").await,
        "evt_1_1 evt_1_2 evt_1_3"
    );
    assert_eq!(t.billing(&["prune"]).await.output, "No event is older than 90 days.");
}

/// Makes the months of a table from five to three ago, which are past what `make_months` makes.
async fn make_older_months(t: &TestApp, table: &str) {
    let sql = format!(
        "set role billing_owner;
         do $$
         declare
           begins timestamp;
         begin
           for ago in 3..5 loop
             begins := date_trunc('month', now() at time zone 'UTC') - make_interval(months => ago);
             execute format('create table billing.{table}_%s partition of billing.{table}
               for values from (%L) to (%L)', to_char(begins, 'YYYY_MM'),
               begins at time zone 'UTC', (begins + interval '1 month') at time zone 'UTC');
           end loop;
         end $$;
         reset role"
    );
    t.db.batch_execute(&sql).await.unwrap();
    assert_eq!(months(t, table).await, "8", "these three, four that are made, and the others");
}

async fn months(t: &TestApp, table: &str) -> String {
    t.value(&format!("select count(*) from pg_inherits where inhparent = 'billing.{table}'::regclass")).await
}

/// SQL: the begin of the month so many months ago.
fn month_ago(months: u32) -> String {
    format!("(date_trunc('month', now() at time zone 'UTC') - interval '{months} months') at time zone 'UTC'")
}

/// How many days ago the last of the months ended that are to go: the fourth ago.
async fn days_since_the_end(t: &TestApp) -> i64 {
    t.value(&format!("select extract(days from now() - {})", month_ago(3))).await.parse().unwrap()
}

#[tokio::test]
async fn a_month_of_events_goes_at_once_when_its_last_day_is_past_the_retention() {
    let t = TestApp::start().await;
    make_older_months(&t, "webhook_events").await;
    for ago in 3..=5 {
        let sql = format!(
            "insert into webhook_events (event_id, type, livemode, stripe_created_at, status, outcome)
             values ('evt_{ago}', 'invoice.paid', false, {}, 'processed', 'stale')",
            month_ago(ago)
        );
        t.db.batch_execute(&sql).await.unwrap();
    }
    let days = days_since_the_end(&t).await;
    let too_many = (days + 1).to_string();
    let dry = t.billing(&["prune", "--dry-run", "--days", &too_many]).await.output;
    assert_eq!(dry, format!("1 event past {too_many} days. Nothing was removed."));
    let removed = t.billing(&["prune", "--days", &days.to_string()]).await.output;
    assert_eq!(removed, format!("2 events past {days} days removed."));
    assert_eq!(t.value("select string_agg(event_id, ' ') from webhook_events").await, "evt_3");
    assert_eq!(months(&t, "webhook_events").await, "6");
}

#[tokio::test]
async fn what_came_before_its_month_was_made_moves_there() {
    let t = TestApp::start().await;
    let month = t.value("select to_char(now() at time zone 'UTC', 'YYYY_MM')").await;
    t.db.batch_execute(&format!(
        "drop table webhook_events_{month}, history_{month};
         insert into webhook_events (event_id, type, livemode, stripe_created_at, status, outcome)
         values ('evt_now', 'invoice.paid', false, now(), 'processed', 'stale');
         select pf_apply_plan_entitlements('{}', 'pro')",
        t.org
    ))
    .await
    .unwrap();
    let of_event = "select tableoid::regclass from webhook_events where event_id = 'evt_now'";
    let of_history = format!("select distinct tableoid::regclass from history where org_id = '{}'", t.org);
    assert_eq!(t.value(of_event).await, "webhook_events_other");
    assert_eq!(t.value(&of_history).await, "history_other");
    assert_eq!(t.reconcile().await.pruned, 0);
    assert_eq!(t.value(of_event).await, format!("webhook_events_{month}"));
    assert_eq!(t.value(&of_history).await, format!("history_{month}"));
}

#[tokio::test]
async fn months_of_the_history_go_with_those_of_events_and_what_was_so_at_their_end_stays_known() {
    let t = TestApp::start().await;
    make_older_months(&t, "history").await;
    // All that there is was so five months ago; each plan that follows came then, too, or later.
    let since = |when: &str, rows: &str| format!("update history set valid_from = {when} where {rows}");
    let now = "valid_from > now() - interval '1 day'";
    for (plan, when) in [
        ("pro", month_ago(5)),
        ("enterprise", format!("{} + interval '3 days'", month_ago(5))),
        ("pro", format!("{} + interval '9 days'", month_ago(3))),
    ] {
        let apply = format!("select pf_apply_plan_entitlements('{}', '{plan}')", t.org);
        t.db.batch_execute(&apply).await.unwrap();
        t.db.batch_execute(&since(&when, now)).await.unwrap();
    }
    let had = |when: &str| format!("select plan_code from entitlements_at('{}', {when})", t.org);
    let at_their_end = month_ago(3);
    let cause = format!(
        "select h.id || ' ' || h.cause from history h where h.org_id = '{}' and h.kind = 'entitlements'
           and h.valid_from <= {at_their_end} order by h.id desc, h.valid_from limit 1",
        t.org
    );
    let known = t.value(&cause).await;
    assert_eq!(t.value(&had(&month_ago(5))).await, "pro");

    let days = days_since_the_end(&t).await;
    let days_text = days.to_string();
    let dry = t.billing_json(0, &["prune", "--dry-run", "--days", &days_text]).await;
    assert_ne!(dry["history"], 0, "{dry}");
    assert_eq!(months(&t, "history").await, "8");
    // One that is interrupted after each organization's rows, and begins anew.
    let interrupted = format!("select next is not null from pf_prune_history({days}, null, 1, false)");
    assert_eq!(t.value(&interrupted).await, "true");
    let told = t.billing_json(0, &["prune", "--days", &days_text]).await;
    assert_eq!(told["history"], dry["history"]);
    assert_eq!(months(&t, "history").await, "6");

    assert_eq!(t.value(&had(&at_their_end)).await, "enterprise");
    assert_eq!(t.value(&cause).await, known, "the same row, with its cause");
    assert_eq!(t.value(&had(&format!("{at_their_end} + interval '10 days'"))).await, "pro");
    assert_eq!(t.value(&had("now()")).await, "pro");
    let gone = t.db.query(&had(&format!("{at_their_end} - interval '1 second'")), &[]).await.unwrap_err();
    assert!(
        gone.as_db_error().unwrap().message().contains("is not known: the history begins then"),
        "{gone}"
    );
    assert_eq!(t.billing_json(0, &["prune", "--days", &days_text]).await["history"], 0);
}

#[tokio::test]
async fn what_ended_before_is_not_written_again_and_each_organization_keeps_its_own() {
    let t = TestApp::start().await;
    let sql = format!(
        "select pf_apply_plan_entitlements('{0}', 'pro');
         select pf_apply_plan_entitlements('{1}', 'enterprise');
         delete from entitlements where org_id = '{0}';
         update history set valid_from = {2} - interval '1 day'",
        t.org,
        t.other_org,
        month_ago(3)
    );
    t.db.batch_execute(&sql).await.unwrap();
    let days = days_since_the_end(&t).await;
    // A call for each organization's rows, however few are asked for.
    let mut past = "null".to_owned();
    let mut calls = 0;
    while past != "end" {
        let next = format!(
            "select coalesce(quote_literal(next), 'end') from pf_prune_history({days}, {past}, 0, false)"
        );
        past = t.value(&next).await;
        calls += 1;
    }
    assert!(calls >= 3, "{calls}");
    let of = |org: &str| format!("select count(*) from history where org_id = '{org}'");
    assert_eq!(t.value(&of(&t.org)).await, "0");
    assert_eq!(t.value(&of(&t.other_org)).await, "1");
    let has = format!("select plan_code from entitlements_at('{}', {})", t.other_org, month_ago(3));
    assert_eq!(t.value(&has).await, "enterprise");
}

#[tokio::test]
async fn no_call_drops_a_month_more_than_the_ones_before_it_looked_at() {
    let t = TestApp::start().await;
    make_older_months(&t, "history").await;
    let granted = format!(
        "select pf_apply_plan_entitlements('{}', 'pro');
         update history set valid_from = {} + interval '1 day'",
        t.org,
        month_ago(4)
    );
    t.db.batch_execute(&granted).await.unwrap();
    // The first call looked at what ended before the month of that row, and came to the last organization. By
    // now that month is past its days, too.
    let began = format!("{} + interval '31 days 23 hours'", month_ago(4));
    let last = format!(
        "select began = {began} from pf_prune_history(31, 'ffffffff-ffff-ffff-ffff-ffffffffffff', null, false,
           {began})"
    );
    assert_eq!(t.value(&last).await, "true");
    let known = format!("select count(*) from history where org_id = '{}'", t.org);
    assert_eq!(t.value(&known).await, "1");
    assert!(
        t.db.query("select * from pf_prune_history(31, null, null, true, now() + interval '1 day')", &[])
            .await
            .is_err()
    );
}

#[tokio::test]
async fn wrong_input_and_missing_parts_change_nothing() {
    let t = TestApp::start().await;
    t.assert_wrong_usage(&["prune", "--days", "30"], "30 is not in 31..=36500").await;
    t.assert_wrong_usage(&["prune", "--days", "all"], "invalid digit").await;
    t.assert_needs(&["prune"], false).await;
}
