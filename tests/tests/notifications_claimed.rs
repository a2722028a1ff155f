//! The outbox: what is taken of it to be told, and to whom.

use serde_json::json;
use tests::TestApp;

use crate::notifications::{claim, deliver, waiting};

#[tokio::test]
async fn what_says_nothing_new_hides_nothing_that_is_due() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    deliver(&t, &claim(&t).await).await;
    let due = |org: &str, ago: u32| {
        format!(
            "insert into notifications (id, org_id, cause, next_attempt_at)
             values (gen_random_uuid(), '{org}', 'test', now() - interval '{ago} minutes')"
        )
    };
    for ago in [9, 8, 7] {
        t.db.batch_execute(&due(&t.org, ago)).await.unwrap();
    }
    t.db.batch_execute(&due(&t.other_org, 1)).await.unwrap();
    assert_eq!(t.value("select org_id from pf_claim_notifications(1, 60)").await, t.other_org);
    assert_eq!(waiting(&t).await.0, 0);
}

#[tokio::test]
async fn a_destination_that_has_an_older_answer_is_told_the_newer_one() {
    let t = TestApp::start().await;
    let switch = async |on: bool| {
        let sql = format!("select pf_override_entitlement('{}', 'hasAPI', {on}, null, 'ada', 'test')", t.org);
        t.value(&sql).await;
    };
    switch(true).await;
    let message = claim(&t).await.remove(0);
    let half = json!([{ "org": t.org, "version": message["version"], "posted": true, "put": false,
        "error": "500" }]);
    t.value(&format!("select given_up from pf_settle_notifications('{half}')")).await;
    t.db.batch_execute("update notifications set next_attempt_at = now()").await.unwrap();
    let again = claim(&t).await.remove(0);
    assert_eq!((&again["post"], &again["put"]), (&json!(false), &json!(true)), "the URL has this answer");
    switch(false).await;
    t.db.batch_execute("update notifications set next_attempt_at = now()").await.unwrap();
    let newer = claim(&t).await.remove(0);
    assert_eq!((&newer["post"], &newer["put"]), (&json!(true), &json!(true)));
    assert!(newer["version"].as_i64() > Some(t.now() * 1000 - 86_400_000), "it goes on after a restore");
}
