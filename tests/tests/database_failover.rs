//! A database that restarts, and a server that only reads after another one has taken its place.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{TestApp, users};
use tokio::net::{TcpListener, TcpStream};

/// An event that writes.
fn event(t: &TestApp) -> Value {
    t.subscribe(&json!({ "org_id": t.org }));
    t.last_event("customer.subscription.created")
}

async fn read_only(t: &TestApp, yes: bool) {
    let database = t.value("select current_database()").await;
    let setting = match yes {
        true => "set default_transaction_read_only = on",
        false => "reset default_transaction_read_only",
    };
    t.db.batch_execute(&format!("alter database {database} {setting}")).await.unwrap();
}

#[tokio::test]
async fn a_connection_to_a_server_that_only_reads_is_not_used_again() {
    let t = TestApp::start().await;
    let event = event(&t);
    read_only(&t, true).await;
    t.deliver(&event).await.assert_failure(500, "processing_failed");
    read_only(&t, false).await;
    // Not in ten minutes, when its time would be over.
    t.deliver(&event).await.assert_outcome("applied");
}

#[tokio::test]
async fn a_server_that_only_reads_is_told_as_a_database_that_is_not_to_be_had() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    t.reconcile().await;
    read_only(&t, true).await;
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.status, 200, "a read needs no more");
    let customer = json!({ "orgId": t.other_org, "planCode": "pro", "interval": "month" });
    let answer = t.checkout(users::OUTSIDER, &customer).await;
    answer.assert_failure(503, "database_unavailable");
    assert_eq!(answer.header("retry-after"), Some("2"));
    read_only(&t, false).await;
    assert_eq!(t.checkout(users::OUTSIDER, &customer).await.status, 200);
}

#[tokio::test]
async fn a_server_that_restarts_is_waited_for_within_the_request() {
    let mut t = TestApp::start().await;
    let place = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let here: tokio_postgres::Config = t.database.url("postgres").parse().unwrap();
    let (real, name) = (here.get_ports()[0], here.get_dbname().unwrap().to_owned());
    t.connect_through(|login| format!("postgres://{login}@{place}/{name}"));
    let coming = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(900)).await;
        let listener = TcpListener::bind(place).await.unwrap();
        while let Ok((mut client, _)) = listener.accept().await {
            let mut server = TcpStream::connect(("127.0.0.1", real)).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut server).await });
        }
    });
    let event = event(&t);
    t.deliver(&event).await.assert_outcome("applied");
    coming.abort();
}
