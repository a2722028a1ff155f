//! The pool's connections: used for a while, then replaced.

use std::time::Duration;

use lambda_http::Body;
use lambda_http::http::Request;
use serde_json::json;
use shared::clock::Clock;
use shared::config::{Function, Secret};
use shared::db::{Db, health};
use shared::serve::answer_live;
use tests::{Answer, TestApp, TestDatabase, Vault, bare_server, users};
use tokio_postgres::NoTls;

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

#[tokio::test]
async fn a_connection_that_the_server_closed_because_it_rested_is_replaced_without_a_failure() {
    let t = TestApp::start_with(&[("DATABASE_POOL_SIZE", "1")]).await;
    let database = t.value("select current_database()").await;
    let hurry =
        format!("alter role billing_reader in database {database} set idle_session_timeout = '300ms'");
    t.db.batch_execute(&hurry).await.unwrap();
    let open = "select count(*) from pg_stat_activity
        where usename = 'billing_reader' and datname = current_database()";
    for _ in 0..3 {
        assert_eq!(t.entitlements(users::OWNER, &t.org).await.status, 200);
        assert_eq!(t.value(open).await, "1");
        tokio::time::sleep(Duration::from_millis(600)).await;
        assert_eq!(t.value(open).await, "0", "whoever is frozen keeps no connection from others");
    }
}

#[tokio::test]
async fn without_a_free_connection_the_answer_says_when_to_come_back_and_then_it_works() {
    let t = TestApp::start().await;
    let database = t.value("select current_database()").await;
    let (taken, _carried) = tokio_postgres::connect(&t.database.url("billing_events"), NoTls).await.unwrap();
    t.db.batch_execute(&format!("alter database {database} connection limit 1")).await.unwrap();
    let answer = t.entitlements(users::OWNER, &t.org).await;
    answer.assert_failure(503, "database_unavailable");
    assert_eq!(answer.header("retry-after"), Some("2"));
    t.subscribe(&json!({ "org_id": t.org }));
    let event = t.last_event("customer.subscription.created");
    t.deliver(&event).await.assert_failure(500, "processing_failed");
    drop((taken, _carried));
    t.db.batch_execute(&format!("alter database {database} connection limit -1")).await.unwrap();
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.status, 200);
    t.deliver(&event).await.assert_outcome("applied");
}

#[tokio::test]
async fn the_reconciliation_tells_how_many_connections_are_used() {
    let server = bare_server("used").await;
    let mut admin = server.connect("postgres").await.unwrap();
    migrations::run(&mut admin).await.unwrap();
    admin.batch_execute("alter role billing_operator connection limit 4").await.unwrap();
    let url = server.url("billing_operator", "postgres");
    let db = Db::new(&Secret::new(url.clone()), None, 1).unwrap();
    assert_eq!(health::connections_used(&db).await.unwrap(), 25);
    let mut others = Vec::new();
    for percent in [50, 75, 100] {
        others.push(tokio_postgres::connect(&url, NoTls).await.unwrap());
        assert_eq!(health::connections_used(&db).await.unwrap(), percent);
    }
    admin.batch_execute("alter role billing_operator connection limit -1").await.unwrap();
    assert!((1..10).contains(&health::connections_used(&db).await.unwrap()), "the server's own limit");
    drop((others, admin));
    server.stop().await;
}
