//! `billing prune`.

use tests::TestApp;

#[tokio::test]
async fn what_is_past_its_retention_is_counted_and_then_removed() {
    let t = TestApp::start().await;
    t.db.batch_execute(
        "insert into webhook_events (event_id, type, livemode, stripe_created_at, status,
           outcome, last_attempt_at)
         select 'evt_' || days || '_' || n, 'invoice.paid', false, now(), 'processed', 'stale',
           now() - make_interval(days => days)
         from unnest(array[1, 40, 91]) days, generate_series(1, 3) n",
    )
    .await
    .unwrap();
    let dry = t.billing(&["prune", "--dry-run"]).await;
    assert_eq!((dry.status, dry.output.as_str()), (0, "3 events past 90 days. Nothing was removed."));
    assert_eq!(t.value("select count(*) from webhook_events").await, "9");
    assert_eq!(t.billing(&["prune"]).await.output, "3 events past 90 days removed.");
    assert_eq!(t.billing_json(0, &["prune", "--days", "31"]).await["events"], 3);
    assert_eq!(
        t.value("select string_agg(event_id, ' ' order by event_id) from webhook_events").await,
        "evt_1_1 evt_1_2 evt_1_3"
    );
    assert_eq!(t.billing(&["prune"]).await.output, "No event is older than 90 days.");
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
