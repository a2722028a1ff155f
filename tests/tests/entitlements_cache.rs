//! What an instance answers from memory, and what never.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use shared::clock::Clock;
use shared::config::Config;
use tests::{TestApp, users};

/// An instance that keeps what it read for two seconds, and a clock to set.
async fn start() -> (TestApp, Arc<AtomicI64>) {
    let mut t = TestApp::start_with(&[("ENTITLEMENTS_CACHE_SECONDS", "2")]).await;
    let clock = Arc::new(AtomicI64::new(t.app.clock.now().as_millisecond()));
    t.set_clock(&Clock::Fixed(Arc::clone(&clock)));
    (t, clock)
}

/// Gives the organization a plan behind the instance's back.
async fn change_plan(t: &TestApp, plan: &str) {
    t.db.batch_execute(&format!("select pf_apply_plan_entitlements('{}', '{plan}')", t.org)).await.unwrap();
}

async fn plan(t: &TestApp, user: &str) -> String {
    t.entitlements(user, &t.org).await.text("/planCode").to_owned()
}

#[tokio::test]
async fn within_two_seconds_the_same_user_is_answered_from_memory_with_the_time_of_the_reading() {
    let (t, clock) = start().await;
    let first = t.entitlements(users::MEMBER, &t.org).await;
    change_plan(&t, "pro").await;
    clock.fetch_add(1999, Ordering::SeqCst);
    assert_eq!(t.entitlements(users::MEMBER, &t.org).await.body, first.body);
    clock.fetch_add(1, Ordering::SeqCst);
    let second = t.entitlements(users::MEMBER, &t.org).await;
    assert_eq!(second.text("/planCode"), "pro");
    assert_ne!(second.text("/timestamp"), first.text("/timestamp"));
}

#[tokio::test]
async fn nobody_is_answered_with_what_another_user_read() {
    let (t, _) = start().await;
    assert_eq!(plan(&t, users::MEMBER).await, "pilot");
    change_plan(&t, "pro").await;
    assert_eq!(plan(&t, users::OWNER).await, "pro");
    t.entitlements(users::OUTSIDER, &t.org).await.assert_failure(403, "not_a_member");
}

#[tokio::test]
async fn whoever_knows_something_else_is_answered_by_the_database() {
    let (t, _) = start().await;
    let pilot = t.entitlements(users::MEMBER, &t.org).await.header("etag").unwrap().to_owned();
    change_plan(&t, "pro").await;
    let same = t.entitlements_if_changed(users::MEMBER, &t.org, Some(&pilot)).await;
    assert_eq!(same.status, 304, "from memory");
    let afresh = format!("\"afresh\", {pilot}");
    let other = t.entitlements_if_changed(users::MEMBER, &t.org, Some(&afresh)).await;
    assert_eq!(other.text("/planCode"), "pro");
    assert_eq!(plan(&t, users::MEMBER).await, "pro", "what was read then is what is kept");
}

#[tokio::test]
async fn whoever_has_synced_is_not_told_what_was_before() {
    let (t, _) = start().await;
    assert_eq!(plan(&t, users::MEMBER).await, "pilot");
    let session = t.checkout_plan("pro", "month").await;
    t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
    let synced = t.sync(users::MEMBER, &serde_json::json!({ "orgId": t.org })).await;
    assert_eq!(synced.text("/planCode"), "pro");
    let etag = synced.header("etag").unwrap();
    let next = t.entitlements_if_changed(users::MEMBER, &t.org, Some(etag)).await;
    assert_eq!(next.status, 304, "{}", next.body);
}

#[tokio::test]
async fn who_is_no_member_any_more_is_refused_two_seconds_later() {
    let (t, clock) = start().await;
    assert_eq!(t.entitlements(users::MEMBER, &t.org).await.status, 200);
    let removal = format!("delete from own_members where user_id = '{}'", users::MEMBER);
    t.db.batch_execute(&removal).await.unwrap();
    clock.fetch_add(2000, Ordering::SeqCst);
    t.entitlements(users::MEMBER, &t.org).await.assert_failure(403, "not_a_member");
}

#[tokio::test]
async fn a_clock_that_was_set_back_makes_nothing_young_again() {
    let (t, clock) = start().await;
    assert_eq!(plan(&t, users::MEMBER).await, "pilot");
    change_plan(&t, "pro").await;
    clock.fetch_sub(1, Ordering::SeqCst);
    assert_eq!(plan(&t, users::MEMBER).await, "pro");
}

#[tokio::test]
async fn unless_configured_nothing_is_kept() {
    let t = TestApp::start().await;
    assert_eq!(plan(&t, users::MEMBER).await, "pilot");
    change_plan(&t, "pro").await;
    assert_eq!(plan(&t, users::MEMBER).await, "pro");
}

#[test]
fn longer_than_the_promise_allows_cannot_be_configured() {
    let config = Config::from_lookup(|name| (name == "ENTITLEMENTS_CACHE_SECONDS").then(|| "3".to_owned()));
    assert_eq!(config.entitlements_cache_seconds, 0);
    assert_eq!(config.problems, ["ENTITLEMENTS_CACHE_SECONDS must be a number of seconds from 0 to 2"]);
}
