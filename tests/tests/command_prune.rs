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
async fn wrong_input_and_missing_parts_change_nothing() {
    let t = TestApp::start().await;
    t.assert_wrong_usage(&["prune", "--days", "30"], "30 is not in 31..=36500").await;
    t.assert_wrong_usage(&["prune", "--days", "all"], "invalid digit").await;
    t.assert_needs(&["prune"], false).await;
}
