//! A database that restarts, and a server that only reads after another one has taken its place.

use std::time::Duration;

use serde_json::{Value, json};
use tests::door::{Behind, Door};
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
    // It counts for new connections.
    let others = "select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity
        where usename like 'billing%' and datname = current_database()";
    t.value(others).await;
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

/// Two doors to the test's database, in this order in everybody's address.
async fn two_doors(t: &mut TestApp) -> (Door, Door) {
    let (first, second) = (Door::to(&t.database).await, Door::to(&t.database).await);
    t.connect_through(|login| Door::url(login, &[&first, &second]));
    (first, second)
}

async fn assert_all_work(t: &TestApp) {
    let event = event(t);
    t.deliver(&event).await.assert_outcome("applied");
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.status, 200);
}

#[tokio::test]
async fn of_several_hosts_the_one_that_writes_is_taken() {
    for ill in [Behind::Reader, Behind::Nobody, Behind::Silence] {
        let mut t = TestApp::start().await;
        let (first, second) = two_doors(&mut t).await;
        first.lead_to(ill);
        assert_all_work(&t).await;
        assert!(second.opened() > 0, "{ill:?}");
        let asked = first.opened();
        t.connect_through(|login| Door::url(login, &[&second, &first]));
        assert_all_work(&t).await;
        assert_eq!(first.opened(), asked, "{ill:?}: it comes after one that does");
    }
}

#[tokio::test]
async fn the_host_that_did_last_is_asked_first() {
    let mut t = TestApp::start().await;
    let (first, second) = two_doors(&mut t).await;
    first.lead_to(Behind::Silence);
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.status, 200);
    let asked = (first.opened(), second.opened());
    let lose = "select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity
        where usename = 'billing_reader' and datname = current_database()";
    assert_eq!(t.value(lose).await, "1");
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.status, 200);
    assert_eq!((first.opened(), second.opened()), (asked.0, asked.1 + 1));
}

#[tokio::test]
async fn a_read_leaves_a_server_that_has_stopped_writing() {
    let mut t = TestApp::start().await;
    let (first, second) = two_doors(&mut t).await;
    let read = async || assert_eq!(t.entitlements(users::OWNER, &t.org).await.status, 200);
    read().await;
    assert_eq!((first.opened(), second.opened()), (1, 0));
    first.lead_to(Behind::Reader);
    // This answer comes with the news.
    read().await;
    read().await;
    assert_eq!(second.opened(), 1);
}

#[tokio::test]
async fn while_no_host_writes_the_answer_says_that_the_database_is_not_to_be_had() {
    let mut t = TestApp::start().await;
    let (first, second) = two_doors(&mut t).await;
    first.lead_to(Behind::Reader);
    second.lead_to(Behind::Nobody);
    let answer = t.entitlements(users::OWNER, &t.org).await;
    answer.assert_failure(503, "database_unavailable");
    assert_eq!(answer.header("retry-after"), Some("2"));
    second.lead_to(Behind::Database);
    assert_all_work(&t).await;
}

#[tokio::test]
async fn a_server_that_is_promoted_or_starts_meanwhile_is_waited_for_within_the_request() {
    for ill in [Behind::Reader, Behind::Nobody] {
        let mut t = TestApp::start().await;
        let (first, second) = two_doors(&mut t).await;
        first.lead_to(Behind::Nobody);
        second.lead_to(ill);
        let event = event(&t);
        let promote = async {
            tokio::time::sleep(Duration::from_millis(900)).await;
            second.lead_to(Behind::Database);
        };
        let (answer, ()) = futures_util::join!(t.deliver(&event), promote);
        answer.assert_outcome("applied");
    }
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
