//! Reads at a streaming replica: nobody is told something that is older than what they know.

use metrics_util::debugging::DebuggingRecorder;
use serde_json::json;
use tests::replica::Replicated;
use tests::{TestApp, TestDatabase, users};
use tokio::sync::{Mutex, MutexGuard, OnceCell};

/// Nobody listens there.
const NOWHERE: &str = "postgres://billing_reader@127.0.0.1:1/none";

static SERVERS: OnceCell<Replicated> = OnceCell::const_new();
/// A pause of the replica is one for all.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// An app, its database at the replica, both servers, and the right to pause one.
async fn start() -> (TestApp, TestDatabase, &'static Replicated, MutexGuard<'static, ()>) {
    let turn = ONE_AT_A_TIME.lock().await;
    let servers = SERVERS.get_or_init(|| Replicated::start("tests")).await;
    // A test that failed may have left it paused.
    servers.resume().await;
    let (mut t, at_replica) = servers.app().await;
    t.read_from(at_replica.url("billing_reader"), Some(t.database.url("billing_reader")));
    (t, at_replica, servers, turn)
}

async fn plan(t: &TestApp) -> String {
    t.entitlements(users::MEMBER, &t.org).await.text("/planCode").to_owned()
}

/// Buys a plan and asks Stripe at once, as the success page does. The tag of `sync`'s answer.
async fn buy(t: &TestApp) -> String {
    let session = t.checkout_plan("pro", "month").await;
    t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
    let synced = t.sync(users::MEMBER, &json!({ "orgId": t.org })).await;
    assert_eq!(synced.text("/planCode"), "pro");
    synced.header("etag").unwrap().to_owned()
}

/// The same position with a content that nobody has.
fn of_something_else(tag: &str) -> String {
    let (_, position) = tag.split_once('-').unwrap();
    format!("\"{}-{position}", "0".repeat(24))
}

#[tokio::test]
async fn a_replica_that_has_everything_answers_and_the_primary_is_not_asked() {
    let (mut t, at_replica, servers, _turn) = start().await;
    let tag = buy(&t).await;
    servers.catch_up().await;
    t.read_from(at_replica.url("billing_reader"), Some(NOWHERE.to_owned()));
    assert_eq!(plan(&t).await, "pro");
    let same = t.entitlements_if_changed(users::MEMBER, &t.org, Some(&tag)).await;
    assert_eq!((same.status, same.header("etag")), (304, Some(tag.as_str())));
    let other = t.entitlements_if_changed(users::MEMBER, &t.org, Some(&of_something_else(&tag))).await;
    assert_eq!((other.status, other.text("/planCode")), (200, "pro"));
    // The log goes on, and nothing of this organization changes: a tag stays good.
    t.db.batch_execute("update own_organizations set name = 'Other'").await.unwrap();
    servers.catch_up().await;
    let newer = t.entitlements(users::MEMBER, &t.org).await.header("etag").unwrap().to_owned();
    assert_ne!(newer, tag);
    assert_eq!(newer.split_once('-').unwrap().0, tag.split_once('-').unwrap().0);
    let same = t.entitlements_if_changed(users::MEMBER, &t.org, Some(&tag)).await;
    assert_eq!((same.status, same.header("etag")), (304, Some(tag.as_str())));
}

#[tokio::test]
async fn whoever_has_synced_is_never_answered_by_a_replica_that_is_behind() {
    let (t, _, servers, _turn) = start().await;
    let recorder = DebuggingRecorder::new();
    let metrics = recorder.snapshotter();
    let _recording = ::metrics::set_default_local_recorder(&recorder);
    servers.pause().await;
    let tag = buy(&t).await;
    assert_eq!(plan(&t).await, "pilot", "who has seen nothing is told what the replica has");
    let same = t.entitlements_if_changed(users::MEMBER, &t.org, Some(&tag)).await;
    assert_eq!(same.status, 304, "{}", same.body);
    let list = format!("\"other\", W/{}", of_something_else(&tag));
    let other = t.entitlements_if_changed(users::MEMBER, &t.org, Some(&list)).await;
    assert_eq!((other.status, other.text("/planCode")), (200, "pro"));
    let afresh = t.entitlements_if_changed(users::MEMBER, &t.org, Some("\"afresh\"")).await;
    assert_eq!((afresh.status, afresh.text("/planCode")), (200, "pro"));
    let counted = metrics.snapshot().into_vec();
    let name =
        |name: &str| counted.iter().find(|(key, ..)| key.key().name() == name).map(|(.., value)| value);
    assert_eq!(format!("{:?}", name("ReplicaPassedOver").unwrap()), "Counter(2)");
    assert!(name("ReplicaLagMilliseconds").is_some());
}

#[tokio::test]
async fn a_state_of_more_than_four_seconds_ago_is_nobodys_answer() {
    let (t, _, servers, _turn) = start().await;
    servers.pause().await;
    buy(&t).await;
    assert_eq!(plan(&t).await, "pilot");
    tokio::time::sleep(std::time::Duration::from_millis(4100)).await;
    assert_eq!(plan(&t).await, "pro");
}

#[tokio::test]
async fn a_new_member_is_no_stranger_and_a_stranger_stays_one() {
    let (t, _, servers, _turn) = start().await;
    servers.pause().await;
    let new = "0a000000-0000-4000-8000-0000000000aa";
    let member =
        format!("insert into own_members (org_id, user_id, role) values ('{}', '{new}', 'member')", t.org);
    t.db.batch_execute(&member).await.unwrap();
    assert_eq!(t.entitlements(new, &t.org).await.status, 200);
    t.entitlements(users::OUTSIDER, &t.org).await.assert_failure(403, "not_a_member");
    let buyers = t.entitlements_if_changed(users::OUTSIDER, &t.org, Some("\"afresh\"")).await;
    buyers.assert_failure(403, "not_a_member");
}

#[tokio::test]
async fn a_replica_whose_primary_nobody_named_says_that_it_is_behind() {
    let (mut t, at_replica, servers, _turn) = start().await;
    t.read_from(at_replica.url("billing_reader"), None);
    let seen = t.entitlements(users::MEMBER, &t.org).await.header("etag").unwrap().to_owned();
    servers.pause().await;
    let tag = buy(&t).await;
    assert_eq!(plan(&t).await, "pilot");
    assert_eq!(t.entitlements_if_changed(users::MEMBER, &t.org, Some(&seen)).await.status, 304);
    let behind = t.entitlements_if_changed(users::MEMBER, &t.org, Some(&tag)).await;
    assert!(behind.header("retry-after").is_some());
    behind.assert_failure(503, "database_unavailable");
    servers.resume().await;
    assert_eq!(t.entitlements_if_changed(users::MEMBER, &t.org, Some(&tag)).await.status, 304);
}

#[tokio::test]
async fn flags_for_openfeature_are_the_primarys_unless_it_is_lost() {
    let (mut t, at_replica, servers, _turn) = start().await;
    servers.pause().await;
    buy(&t).await;
    let plan = async |t: &TestApp| {
        let answer = t.flag(users::MEMBER, &t.org, "canExportPDF").await;
        (answer.body["value"].clone(), answer.text("/metadata/plan").to_owned())
    };
    assert_eq!(plan(&t).await, (json!(true), "pro".to_owned()));
    t.read_from(at_replica.url("billing_reader"), Some(NOWHERE.to_owned()));
    assert_eq!(plan(&t).await, (json!(false), "pilot".to_owned()));
}

#[tokio::test]
async fn health_is_about_the_primary() {
    let (mut t, at_replica, _, _turn) = start().await;
    let database = async |t: &TestApp| t.health().await.text("/database").to_owned();
    t.read_from(NOWHERE.to_owned(), Some(t.database.url("billing_reader")));
    assert_eq!(database(&t).await, "ok");
    t.read_from(at_replica.url("billing_reader"), Some(NOWHERE.to_owned()));
    assert_eq!(database(&t).await, "failing");
    t.read_from(at_replica.url("billing_reader"), Some("no address".to_owned()));
    assert_eq!(t.health().await.text("/configuration"), "failing");
}

#[tokio::test]
async fn doctor_measures_how_far_the_replica_is_behind() {
    let (t, at_replica, servers, _turn) = start().await;
    let (reader, primary) = (at_replica.url("billing_reader"), t.database.url("billing_reader"));
    let found = async |reader: &str| {
        let variables = [("READER_DATABASE_URL", reader), ("READER_PRIMARY_DATABASE_URL", primary.as_str())];
        let outcome = t.billing_with(&variables, &["doctor", "--json"]).await;
        let report: serde_json::Value = serde_json::from_str(&outcome.output).unwrap();
        let checks = report["checks"].as_array().unwrap();
        let check = checks.iter().find(|check| check["check"] == "replica").unwrap();
        format!("{}: {}", check["status"].as_str().unwrap(), check["found"].as_str().unwrap())
    };
    let well = found(&reader).await;
    assert!(well.starts_with("ok: it has what the primary had ") && well.ends_with(" ms before"), "{well}");
    assert_eq!(found(&primary).await, "warning: READER_DATABASE_URL is no replica");
    assert_eq!(found(NOWHERE).await, "failing: it does not answer");
    servers.pause().await;
    buy(&t).await;
    assert_eq!(found(&reader).await, "warning: it is more than 5 s behind");
}
