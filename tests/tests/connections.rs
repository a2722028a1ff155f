//! The pool's connections: used for a while, then replaced.

use std::time::Duration;

use shared::config::Secret;
use shared::db::{Db, health};
use tests::TestDatabase;

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
