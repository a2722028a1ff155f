//! The replica is lost, then the primary: reads go on.

use std::time::{Duration, Instant};

use serde_json::json;
use tests::replica::{Replicated, lose};
use tests::users;

#[tokio::test]
async fn whichever_server_is_lost_the_other_one_answers() {
    let mut servers = Replicated::start("lost").await;
    let (mut t, at_replica) = servers.app().await;
    let primary = t.database.url("billing_reader");
    t.read_from(at_replica.url("billing_reader"), Some(primary.clone()));
    let session = t.checkout_plan("pro", "month").await;
    t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
    let synced = t.sync(users::MEMBER, &json!({ "orgId": t.org })).await;
    let tag = synced.header("etag").unwrap();
    servers.catch_up().await;
    assert_eq!(t.entitlements(users::MEMBER, &t.org).await.text("/planCode"), "pro");

    lose(servers.replica).await;
    let begun = Instant::now();
    for _ in 0..20 {
        let answer = t.entitlements(users::MEMBER, &t.org).await;
        assert_eq!((answer.status, answer.text("/planCode")), (200, "pro"), "{}", answer.body);
    }
    assert!(begun.elapsed() < Duration::from_secs(3), "nobody waits for it: {:?}", begun.elapsed());
    assert_eq!(t.entitlements_if_changed(users::MEMBER, &t.org, Some(tag)).await.status, 304);

    servers.restart_replica().await;
    servers.catch_up().await;
    t.read_from(t.database.at(servers.replica).url("billing_reader"), Some(primary));
    assert_eq!(t.entitlements_if_changed(users::MEMBER, &t.org, Some(tag)).await.status, 304);
    servers.pause().await;
    t.db.batch_execute(&format!("select pf_apply_plan_entitlements('{}', 'enterprise')", t.org))
        .await
        .unwrap();
    let newer = t.entitlements_if_changed(users::MEMBER, &t.org, Some("\"afresh\"")).await;
    assert_eq!(newer.text("/planCode"), "enterprise");
    let newer = newer.header("etag").unwrap();

    lose(servers.primary).await;
    // However long ago it was: nothing newer is to be had.
    tokio::time::sleep(Duration::from_millis(4500)).await;
    let answer = t.entitlements(users::MEMBER, &t.org).await;
    assert_eq!((answer.status, answer.text("/planCode")), (200, "pro"), "{}", answer.body);
    assert_eq!(t.entitlements_if_changed(users::MEMBER, &t.org, Some(tag)).await.status, 304);
    let never_older = t.entitlements_if_changed(users::MEMBER, &t.org, Some(newer)).await;
    assert!(never_older.header("retry-after").is_some());
    never_older.assert_failure(503, "database_unavailable");
    assert_eq!(t.entitlements(users::OUTSIDER, &t.org).await.status, 503);
}
