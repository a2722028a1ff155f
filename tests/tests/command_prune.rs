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

#[tokio::test]
async fn a_month_of_events_goes_at_once_when_its_last_day_is_past_the_retention() {
    let t = TestApp::start().await;
    t.db.batch_execute(
        "set role billing_owner;
         do $$
         declare
           begins timestamp;
         begin
           for ago in 3..5 loop
             begins := date_trunc('month', now() at time zone 'UTC') - make_interval(months => ago);
             execute format('create table billing.webhook_events_%s partition of billing.webhook_events
               for values from (%L) to (%L)', to_char(begins, 'YYYY_MM'),
               begins at time zone 'UTC', (begins + interval '1 month') at time zone 'UTC');
             insert into webhook_events (event_id, type, livemode, stripe_created_at, status, outcome)
             values ('evt_' || ago, 'invoice.paid', false, begins at time zone 'UTC', 'processed', 'stale');
           end loop;
         end $$;
         reset role",
    )
    .await
    .unwrap();
    let months = "select count(*) from pg_inherits where inhparent = 'billing.webhook_events'::regclass";
    assert_eq!(t.value(months).await, "8", "these three, four that are made, and the others");
    let since_its_end = "select extract(days from now() -
        (date_trunc('month', now() at time zone 'UTC') - interval '3 months') at time zone 'UTC')";
    let days: i64 = t.value(since_its_end).await.parse().unwrap();
    let too_many = (days + 1).to_string();
    let dry = t.billing(&["prune", "--dry-run", "--days", &too_many]).await.output;
    assert_eq!(dry, format!("1 event past {too_many} days. Nothing was removed."));
    let removed = t.billing(&["prune", "--days", &days.to_string()]).await.output;
    assert_eq!(removed, format!("2 events past {days} days removed."));
    assert_eq!(t.value("select string_agg(event_id, ' ') from webhook_events").await, "evt_3");
    assert_eq!(t.value(months).await, "6");
}

#[tokio::test]
async fn an_event_that_came_before_its_month_was_made_moves_there() {
    let t = TestApp::start().await;
    let month =
        t.value("select 'billing.webhook_events_' || to_char(now() at time zone 'UTC', 'YYYY_MM')").await;
    t.db.batch_execute(&format!(
        "drop table {month};
         insert into webhook_events (event_id, type, livemode, stripe_created_at, status, outcome)
         values ('evt_now', 'invoice.paid', false, now(), 'processed', 'stale')"
    ))
    .await
    .unwrap();
    let place = "select tableoid::regclass from webhook_events where event_id = 'evt_now'";
    assert_eq!(t.value(place).await, "webhook_events_other");
    assert_eq!(t.reconcile().await.pruned, 0);
    assert_eq!(format!("billing.{}", t.value(place).await), month);
}

#[tokio::test]
async fn the_history_before_goes_with_the_events_and_what_came_later_stays_known() {
    let t = TestApp::start().await;
    t.db.batch_execute(&format!("select pf_apply_plan_entitlements('{}', 'pro')", t.org)).await.unwrap();
    // Both are long ago; what follows is of now.
    t.db.batch_execute("update history set valid_from = valid_from - interval '100 days'").await.unwrap();
    let had = |days: u32| {
        format!("select plan_code from entitlements_at('{}', now() - interval '{days} days')", t.org)
    };
    assert_eq!(t.value(&had(95)).await, "pro");
    t.db.batch_execute(&format!("select pf_apply_plan_entitlements('{}', 'enterprise')", t.org))
        .await
        .unwrap();
    // It was over 91 days ago.
    t.db.batch_execute(
        "update history set valid_from = now() - interval '91 days'
         where kind = 'entitlements' and state ->> 'plan_code' = 'enterprise'",
    )
    .await
    .unwrap();
    let dry = t.billing(&["prune", "--dry-run"]).await.output;
    assert!(dry.starts_with("0 events and ") && dry.contains(" of the history past 90 days."), "{dry}");
    let told = t.billing_json(0, &["prune"]).await;
    assert_ne!(told["history"], 0);
    assert_eq!(t.billing_json(0, &["prune"]).await["history"], 0);
    assert_eq!(t.value(&had(89)).await, "enterprise");
    let gone = t.db.query(&had(95), &[]).await.unwrap_err();
    assert!(
        gone.as_db_error().unwrap().message().contains("is not known: the history begins then"),
        "{gone}"
    );
}

#[tokio::test]
async fn wrong_input_and_missing_parts_change_nothing() {
    let t = TestApp::start().await;
    t.assert_wrong_usage(&["prune", "--days", "30"], "30 is not in 31..=36500").await;
    t.assert_wrong_usage(&["prune", "--days", "all"], "invalid digit").await;
    t.assert_needs(&["prune"], false).await;
}
