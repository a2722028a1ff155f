//! The pool's connections: used for a while, then replaced.

use std::time::Duration;

use lambda_http::Body;
use lambda_http::http::Request;
use serde_json::json;
use shared::clock::Clock;
use shared::config::{Function, Secret};
use shared::db::{Db, health};
use shared::serve::answer_live;
use tests::{Answer, TestApp, TestDatabase, Vault, users};

/// The process that the one open connection of a login belongs to.
async fn backend(database: &TestDatabase) -> i32 {
    let sql =
        "select pid from pg_stat_activity where usename = 'billing_reader' and datname = current_database()";
    let rows = database.connect().await.query(sql, &[]).await.unwrap();
    assert_eq!(rows.len(), 1, "the one before is closed");
    rows[0].get(0)
}

#[tokio::test]
async fn a_connection_is_used_again_until_its_time_is_over() {
    let database = TestDatabase::create().await;
    let url = Secret::new(database.url("billing_reader"));
    let lifetime = Duration::from_millis(400);
    let db = Db::with_lifetime(&url, None, 1, lifetime).unwrap();
    health::schema_version(&db).await.unwrap();
    let first = backend(&database).await;
    health::schema_version(&db).await.unwrap();
    assert_eq!(backend(&database).await, first);
    tokio::time::sleep(lifetime).await;
    health::schema_version(&db).await.unwrap();
    // The server notices the end of a connection a moment later.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_ne!(backend(&database).await, first);
}

#[tokio::test]
async fn another_address_makes_another_pool_and_what_is_under_way_finishes_on_the_old_one() {
    let t = TestApp::start().await;
    let url = t.database.url("billing_reader");
    let vault = Vault::open(&json!({ "READER_DATABASE_URL": url })).await;
    let identity = [("IDENTITY_SOURCE", "trusted_headers")];
    let live = vault.live(Function::Entitlements, &identity, Clock::System).await;
    let ask = async || {
        let request = Request::builder().uri(format!("/api/entitlements?orgId={}", t.org));
        let request = request.header("x-user-id", users::MEMBER).body(Body::Empty).unwrap();
        Answer::of("entitlements", answer_live(&live, entitlements::handle, request).await).status
    };
    let open = "select count(*) from pg_stat_activity
        where usename = 'billing_reader' and datname = current_database()";
    assert_eq!((ask().await, t.value(open).await.as_str()), (200, "1"));
    let before = live.app().await.unwrap();
    let lock = t.database.connect().await;
    lock.batch_execute("begin; lock table own_members in access exclusive mode").await.unwrap();
    let replace = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        vault.change(&[("READER_DATABASE_URL", &format!("{url}?connect_timeout=3"))]);
        assert!(live.newer_than(&before).await.is_some());
        drop(before);
        lock.batch_execute("commit").await.unwrap();
    };
    let (under_way, ()) = futures_util::join!(ask(), replace);
    assert_eq!((under_way, ask().await), (200, 200));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(t.value(open).await, "1", "the old pool's connection is closed");
}

#[tokio::test]
async fn an_address_works_as_it_was_copied() {
    let t = TestApp::start().await;
    let url = t.database.url("billing_reader");
    let vault = Vault::open(&json!({})).await;
    for copied in [
        format!("{url}\n"),
        format!(" \"{url}?pgbouncer=true&connection_limit=1&pool_timeout=0\"\r\n"),
        format!("{url}?supa=base-pooler.x&sslmode=disable"),
        format!("{}?schema=public&statement_cache_size=0", url.replace("postgres://", "postgresql://")),
    ] {
        vault.put(&json!({ "READER_DATABASE_URL": copied, "IDENTITY_SOURCE": "'trusted_headers'\n" }));
        let live = vault.live(Function::Entitlements, &[], Clock::System).await;
        let request = Request::builder().uri(format!("/api/entitlements?orgId={}", t.org));
        let request = request.header("x-user-id", users::MEMBER).body(Body::Empty).unwrap();
        let answer = Answer::of("entitlements", answer_live(&live, entitlements::handle, request).await);
        assert_eq!(answer.status, 200, "{copied}: {}", answer.body);
    }
}
