//! All work through PgBouncer in transaction mode, with far fewer connections to the server than to it: what
//! one client left behind, the next would find. Needs PgBouncer: `cargo test --package tests --features
//! pooler --test pooler`.
// A test that cannot go on shall panic.
#![allow(clippy::expect_used, clippy::print_stdout, clippy::unwrap_used)]

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::faults::{POOLED, play};
use tests::pooler::Pooler;
use tests::replica::Replicated;
use tests::{Answer, TestApp, users};
use tokio_postgres::NoTls;
use uuid::Uuid;

const SERVER_CONNECTIONS: usize = 3;
const LOGINS: [&str; 4] = ["billing_reader", "billing_checkout", "billing_events", "billing_operator"];

/// An organization and its one member.
struct Customer {
    org: String,
    owner: String,
    plan: &'static str,
}

async fn customers(t: &TestApp, count: usize) -> Vec<Customer> {
    let mut all = Vec::new();
    for number in 0..count {
        let (org, owner) = (Uuid::new_v4().to_string(), Uuid::new_v4().to_string());
        let rows = format!(
            "insert into own_organizations (id, name) values ('{org}', 'Customer {number}');
             insert into own_members (org_id, user_id, role) values ('{org}', '{owner}', 'owner')"
        );
        t.db.batch_execute(&rows).await.unwrap();
        all.push(Customer { org, owner, plan: ["pro", "enterprise"][number % 2] });
    }
    all
}

/// Asks until there is an answer, as a client and as Stripe does. "Try again shortly" is none: a busy machine
/// may say it at any moment.
async fn answered<F: Future<Output = Answer>>(ask: impl Fn() -> F) -> Answer {
    let mut answer = ask().await;
    for _ in 0..100 {
        if answer.status < 500 {
            break;
        }
        let says_when = answer.header("retry-after").is_some() || answer.text("/code") == "processing_failed";
        assert!(says_when, "{}: {}", answer.status, answer.body);
        tokio::time::sleep(Duration::from_millis(100)).await;
        answer = ask().await;
    }
    answer
}

/// Asks for one's own organization and for somebody else's, until `done`: the first is always answered with
/// one's own, the second never.
async fn read_on(t: &TestApp, own: &Customer, other: &Customer, done: &Cell<bool>) -> usize {
    let mut reads = 0;
    while !done.get() {
        let mine = answered(|| t.entitlements(&own.owner, &own.org)).await;
        assert_eq!((mine.status, mine.text("/orgId")), (200, own.org.as_str()), "{}", mine.body);
        answered(|| t.entitlements(&own.owner, &other.org)).await.assert_failure(403, "not_a_member");
        reads += 2;
    }
    reads
}

/// Looks at what a client finds that says nothing of itself: no claims, no role but its own, nothing
/// prepared.
async fn look_for_leaks(pooler: &Pooler, done: &Cell<bool>) -> usize {
    let (client, connection) = tokio_postgres::connect(&pooler.url("billing_reader"), NoTls).await.unwrap();
    tokio::spawn(connection);
    let mut looks = 0;
    while !done.get() {
        let found = client
            .query_typed(
                "select coalesce(current_setting('request.jwt.claims', true), ''), current_user::text,
                 current_setting('role'), (select count(*) from pg_prepared_statements
                   where name <> '')",
                &[],
            )
            .await
            .unwrap();
        let text = |column: usize| found[0].get::<_, String>(column);
        assert_eq!(
            (text(0), text(1), text(2)),
            (String::new(), "billing_reader".to_owned(), "none".to_owned())
        );
        assert_eq!(found[0].get::<_, i64>(3), 0);
        looks += 1;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    looks
}

/// Buys a plan and asks Stripe about it at once, as the success page does.
async fn buy(t: &TestApp, customer: &Customer) {
    let order = json!({ "orgId": customer.org, "planCode": customer.plan, "interval": "month" });
    let session = answered(|| t.checkout(&customer.owner, &order)).await;
    assert_eq!(session.status, 200, "{}", session.body);
    t.stripe.pay_checkout_session(session.text("/sessionId")).expect("pay");
    let org = json!({ "orgId": customer.org });
    let synced = answered(|| t.sync(&customer.owner, &org)).await;
    assert_eq!((synced.status, synced.text("/planCode")), (200, customer.plan), "{}", synced.body);
}

/// Delivers all events, twice: of each customer one after the other, of all customers at once.
async fn deliver(t: &TestApp) -> usize {
    let mut by_customer = BTreeMap::<String, Vec<Value>>::new();
    for event in t.stripe.events() {
        let object = &event["data"]["object"];
        let customer = object["customer"].as_str().or(object["id"].as_str()).unwrap_or_default().to_owned();
        by_customer.entry(customer).or_default().push(event);
    }
    let deliveries = by_customer.values().map(|events| async move {
        for event in events.iter().chain(events) {
            let answer = answered(|| t.deliver(event)).await;
            assert_eq!(answer.status, 200, "{event}: {}", answer.body);
        }
        events.len()
    });
    join_all(deliveries).await.into_iter().sum()
}

#[tokio::test]
async fn everything_works_through_a_pooler_in_transaction_mode_and_nothing_leaks() {
    let mut t = TestApp::start_with(&[("DATABASE_POOL_SIZE", "20")]).await;
    let pooler = Pooler::start(&t.database, SERVER_CONNECTIONS).await;
    t.connect_through(|login| pooler.url(login));
    let customers = customers(&t, 24).await;
    let done = Cell::new(false);
    let work = async {
        join_all(customers.iter().map(|customer| buy(&t, customer))).await;
        let events = deliver(&t).await;
        // One that got lost in between, and the comparison of everything.
        t.db.batch_execute("update subscriptions set status = 'past_due', version = version + 1")
            .await
            .unwrap();
        let mut report = t.reconcile().await;
        assert!(report.subscriptions.repaired > 0, "{report:?}");
        for _ in 0..20 {
            if report.is_well() && report.subscriptions.drifted == 0 {
                break;
            }
            report = t.reconcile().await;
        }
        assert!(report.is_well() && report.subscriptions.drifted == 0, "{report:?}");
        assert_eq!(t.value("select count(*) from subscriptions where status <> 'active'").await, "0");
        done.set(true);
        events
    };
    let readers = (0..12).map(|number| {
        let of = |number: usize| &customers[number % customers.len()];
        read_on(&t, of(number), of(number + 7), &done)
    });
    let (events, reads, looks) = futures_util::join!(work, join_all(readers), look_for_leaks(&pooler, &done));
    for customer in &customers {
        let answer = answered(|| t.entitlements(&customer.owner, &customer.org)).await;
        assert_eq!((answer.status, answer.text("/planCode")), (200, customer.plan), "{}", answer.body);
    }
    let outsider = answered(|| t.entitlements(users::OUTSIDER, &customers[0].org)).await;
    outsider.assert_failure(403, "not_a_member");
    for login in LOGINS {
        let open = pooler.server_connections(login).await;
        assert!(open <= SERVER_CONNECTIONS, "{login} has {open} connections to the server");
    }
    println!("{} reads, {looks} looks, {events} events, twice each", reads.iter().sum::<usize>());
    pooler.stop().await;
}

#[tokio::test]
async fn what_nobody_waits_for_is_ended_through_a_pooler() {
    let mut t = TestApp::start().await;
    let mut pooler = Pooler::start(&t.database, SERVER_CONNECTIONS).await;
    t.connect_through(|login| pooler.url(login));
    let owner = users::OWNER;
    assert_eq!(answered(|| t.entitlements(owner, &t.org)).await.status, 200);
    let lock = t.database.connect().await;
    lock.batch_execute("begin; lock table own_members in access exclusive mode").await.unwrap();
    let waiting = (0..SERVER_CONNECTIONS).map(|_| t.entitlements(owner, &t.org));
    assert!(tokio::time::timeout(Duration::from_millis(500), join_all(waiting)).await.is_err());
    let active = "select count(*) from pg_stat_activity
        where usename = 'billing_reader' and datname = current_database() and state = 'active'";
    // The server's own limit for a read is five seconds.
    for _ in 0..70 {
        if t.value(active).await == "0" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(t.value(active).await, "0");
    lock.batch_execute("commit").await.unwrap();
    // PgBouncer 1.18 may end itself over several cancellations at once ("bad client state"). Whoever runs it
    // starts it again.
    if pooler.has_ended() {
        pooler = Pooler::start(&t.database, SERVER_CONNECTIONS).await;
        t.connect_through(|login| pooler.url(login));
    }
    assert_eq!(answered(|| t.entitlements(owner, &t.org)).await.status, 200);
    pooler.stop().await;
}

#[tokio::test]
async fn a_replica_behind_a_pooler_never_answers_with_less_than_what_was_synced() {
    let servers = Replicated::start("pooled").await;
    let (mut t, at_replica) = servers.app().await;
    let pooler = Pooler::start(&t.database, SERVER_CONNECTIONS).await;
    let replicas = Pooler::start(&at_replica, SERVER_CONNECTIONS).await;
    t.connect_through(|login| pooler.url(login));
    t.read_from(replicas.url("billing_reader"), Some(pooler.url("billing_reader")));
    let customers = customers(&t, 12).await;
    // The replica replays all the while, and now and then it does not.
    let (t, done) = (&t, &Cell::new(false));
    let pauses = async {
        while !done.get() {
            servers.pause().await;
            tokio::time::sleep(Duration::from_millis(50)).await;
            servers.resume().await;
        }
    };
    let purchases = join_all(customers.iter().map(|customer| async move {
        let order = json!({ "orgId": customer.org, "planCode": customer.plan, "interval": "month" });
        let session = answered(|| t.checkout(&customer.owner, &order)).await;
        t.stripe.pay_checkout_session(session.text("/sessionId")).expect("pay");
        let org = json!({ "orgId": customer.org });
        let synced = answered(|| t.sync(&customer.owner, &org)).await;
        assert_eq!((synced.status, synced.text("/planCode")), (200, customer.plan), "{}", synced.body);
        let tag = synced.header("etag").unwrap();
        for _ in 0..20 {
            let ask = || t.entitlements_if_changed(&customer.owner, &customer.org, Some(tag));
            let same = answered(ask).await;
            assert_eq!((same.status, same.header("etag")), (304, Some(tag)), "{}", same.body);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }));
    let work = async {
        purchases.await;
        done.set(true);
    };
    futures_util::join!(work, pauses);
    servers.catch_up().await;
    let others = replicas.server_connections("billing_reader").await;
    assert!(others <= SERVER_CONNECTIONS, "{others} connections to the replica");
    pooler.stop().await;
    replicas.stop().await;
}

#[tokio::test]
async fn nothing_is_lost_when_the_pooler_is_killed() {
    if let Err(problem) = play(&POOLED, 1, Duration::ZERO).await {
        panic!("{problem}");
    }
}
