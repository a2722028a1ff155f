//! The function `notify`: the application is told that access changed, with the whole answer.

use std::time::{Duration, SystemTime};

use ::notify::{Report, notify};
use serde_json::{Value, json};
use shared::app::App;
use tests::receiver::{Receiver, Reply};
use tests::{TestApp, users};

/// An app that tells a receiver.
async fn start() -> (TestApp, Receiver) {
    let receiver = Receiver::start().await;
    (TestApp::start_with(&receiver.variables()).await, receiver)
}

async fn run_as(app: &App) -> Report {
    notify(app, SystemTime::from(app.clock.now()) + Duration::from_secs(55)).await.unwrap()
}

/// One run of the function.
async fn run(t: &TestApp) -> Report {
    run_as(&t.operator).await
}

/// Makes due what waits.
async fn make_due(t: &TestApp) {
    let sql = "update notifications set next_attempt_at = now() where next_attempt_at is not null";
    t.db.batch_execute(sql).await.unwrap();
}

/// Switches a flag for an organization.
async fn switch(t: &TestApp, org: &str, on: bool) {
    t.value(&format!("select pf_override_entitlement('{org}', 'hasAPI', {on}, null, 'ada', 'x')")).await;
}

#[tokio::test]
async fn a_purchase_is_told_once_with_the_whole_answer_and_a_good_signature() {
    let (t, receiver) = start().await;
    t.buy("enterprise", "month").await;
    let report = run(&t).await;
    assert_eq!((report.delivered, report.failed, report.waiting), (1, 0, 0), "{report:?}");
    let [(headers, message)] = receiver.take().try_into().unwrap();
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(message["type"], "entitlements.changed");
    let mut read = t.entitlements(users::OWNER, &t.org).await.body;
    let mut told = message["data"].clone();
    assert!(told["version"].as_i64() > Some(0));
    for not_told in ["success", "timestamp", "canManageBilling"] {
        read.as_object_mut().unwrap().remove(not_told);
    }
    told.as_object_mut().unwrap().remove("version");
    assert_eq!(told, read);
    assert_eq!(told["entitlements"]["hasAPI"], true);
    let (id, stored) = (
        headers["webhook-id"].to_str().unwrap(),
        "select id from notifications order by
        created_at desc limit 1",
    );
    assert_eq!(id, t.value(stored).await);
    assert_eq!(run(&t).await, Report::default());
    assert!(receiver.take().is_empty());
}

#[tokio::test]
async fn a_receiver_that_fails_is_asked_again_with_the_same_id_and_nothing_is_lost() {
    let (t, receiver) = start().await;
    switch(&t, &t.org, true).await;
    for reply in [Reply::Status(500), Reply::Redirect("http://127.0.0.1:1/"), Reply::Status(404)] {
        receiver.answer([reply]);
        let report = run(&t).await;
        assert_eq!((report.delivered, report.failed, report.waiting), (0, 1, 1), "{reply:?}");
        assert_eq!(run(&t).await.failed, 0, "it is not due yet");
        make_due(&t).await;
    }
    assert_eq!(run(&t).await.delivered, 1);
    let messages = receiver.take();
    let ids: Vec<_> = messages.iter().map(|(headers, _)| &headers["webhook-id"]).collect();
    assert!(ids.len() == 4 && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let versions: Vec<_> = messages.iter().map(|(_, message)| message["data"]["version"].as_i64()).collect();
    assert!(versions.is_sorted_by(|one, next| one < next), "{versions:?}");
    assert_eq!(t.value("select concat_ws(' ', attempts, last_error) from notifications").await, "4");
}

#[tokio::test]
async fn nobody_answers_and_nothing_is_lost() {
    let variables = [("NOTIFY_URL", "http://127.0.0.1:1/hook")];
    let receiver = Receiver::start().await;
    let t = TestApp::start_with(&[variables[0], receiver.variables()[1]]).await;
    switch(&t, &t.org, true).await;
    assert_eq!(run(&t).await.failed, 1);
    assert_eq!(t.value("select last_error from notifications").await, "unreachable");
}

#[tokio::test]
async fn a_url_that_is_gone_is_not_asked_again_and_one_that_asks_for_a_pause_gets_it() {
    let (t, receiver) = start().await;
    switch(&t, &t.org, true).await;
    receiver.answer([Reply::Later(503, "3000")]);
    assert_eq!(run(&t).await.failed, 1);
    let pause = "select extract(epoch from next_attempt_at - now())::integer from notifications";
    assert!((2900..=3000).contains(&t.value(pause).await.parse().unwrap()));
    make_due(&t).await;
    // A date is as good, and nobody is left alone for more than a day.
    receiver.answer([Reply::Later(503, "Fri, 31 Dec 2100 23:59:59 GMT")]);
    assert_eq!(run(&t).await.failed, 1);
    assert!((86_300..=86_400).contains(&t.value(pause).await.parse().unwrap()));
    make_due(&t).await;
    receiver.answer([Reply::Status(410)]);
    let report = run(&t).await;
    assert_eq!((report.failed, report.given_up, report.waiting), (1, 1, 0));
    assert_eq!(run(&t).await, Report::default());
    assert_eq!(receiver.take().len(), 3);
    // What changes later is news again.
    switch(&t, &t.org, false).await;
    assert_eq!(run(&t).await.delivered, 1);
}

#[tokio::test]
async fn two_runs_at_once_tell_everything_and_nothing_twice() {
    let (t, receiver) = start().await;
    let orgs = t.more_organizations(150).await;
    for org in &orgs {
        switch(&t, org, true).await;
    }
    let (one, other) = futures_util::join!(run(&t), run(&t));
    assert_eq!(one.delivered + other.delivered, 150, "{one:?} {other:?}");
    let mut told: Vec<_> =
        receiver.take().into_iter().map(|(_, m)| m["data"]["orgId"].as_str().unwrap().to_owned()).collect();
    told.sort();
    assert_eq!(told, orgs);
}

#[tokio::test]
async fn a_url_that_fails_for_all_is_left_alone_until_the_next_run() {
    let (t, receiver) = start().await;
    for org in t.more_organizations(120).await {
        switch(&t, &org, true).await;
    }
    receiver.answer([Reply::Status(500); 40]);
    let report = run(&t).await;
    assert_eq!((report.delivered, report.failed, report.waiting), (0, 100, 120), "{report:?}");
    let asked = receiver.take().len();
    assert!((16..40).contains(&asked), "{asked}");
    assert_eq!(
        t.value("select count(*) from notifications where last_error = 'not_asked'").await,
        (100 - asked).to_string()
    );
}

#[tokio::test]
async fn what_time_ends_is_told() {
    let (t, receiver) = start().await;
    t.buy("pro", "month").await;
    run(&t).await;
    receiver.take();
    // The grace period ends, and nobody writes anything.
    let over = "alter table entitlements disable trigger user;
        update entitlements set expires_at = now() - interval '1 second';
        alter table entitlements enable trigger user;
        update billing_private.notifier set told_through = now() - interval '1 minute'";
    t.db.batch_execute(over).await.unwrap();
    let report = run(&t).await;
    assert_eq!((report.ended, report.delivered), (1, 1));
    let [(_, message)] = receiver.take().try_into().unwrap();
    assert_eq!(message["data"]["planCode"], "pilot");
}

#[tokio::test]
async fn while_a_secret_is_replaced_each_message_is_signed_by_both() {
    let receiver = Receiver::start().await;
    let other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let both = format!("{other},{}", receiver.secret);
    let t = TestApp::start_with(&[("NOTIFY_URL", &receiver.url), ("NOTIFY_SECRET", &both)]).await;
    switch(&t, &t.org, true).await;
    assert_eq!(run(&t).await.delivered, 1);
    let [(headers, _)] = receiver.take().try_into().unwrap();
    assert_eq!(headers["webhook-signature"].to_str().unwrap().split(' ').count(), 2);
}

#[tokio::test]
async fn what_was_lost_is_told_again_when_an_operator_says_so() {
    let (t, receiver) = start().await;
    switch(&t, &t.org, true).await;
    run(&t).await;
    let [(first, _)] = receiver.take().try_into().unwrap();
    t.value(&format!("select pf_replay_notifications('{{{}}}', null, '{{}}', 'ada')", t.org)).await;
    run(&t).await;
    let [(again, message)] = receiver.take().try_into().unwrap();
    assert_ne!(first["webhook-id"], again["webhook-id"], "a receiver that drops what it knows takes it");
    assert_eq!(message["data"]["entitlements"]["hasAPI"], true);
}

#[tokio::test]
async fn a_run_that_dies_after_it_sent_is_made_up_for_by_another_one() {
    let (t, receiver) = start().await;
    switch(&t, &t.org, true).await;
    // Taken by a run of which nothing is heard any more.
    t.value("select count(*) from pf_claim_notifications(100, 120)").await;
    assert_eq!(run(&t).await.delivered, 0);
    let later = "update notifications set next_attempt_at = next_attempt_at - interval '120 seconds'";
    t.db.batch_execute(later).await.unwrap();
    assert_eq!(run(&t).await.delivered, 1);
    assert_eq!(receiver.take().len(), 1);
}

#[tokio::test]
async fn nobody_is_told_unless_somebody_is_named() {
    let t = TestApp::start().await;
    switch(&t, &t.org, true).await;
    assert_eq!(run(&t).await, Report::default());
    assert_eq!(t.value("select attempts from notifications").await, "0");
}

#[tokio::test]
async fn no_login_but_the_operators_may_take_what_is_to_be_told() {
    let (t, _receiver) = start().await;
    for login in ["billing_reader", "billing_checkout", "billing_events"] {
        let config = shared::config::Config {
            database_url: Some(shared::config::Secret::new(t.database.url(login))),
            ..t.operator.config.clone()
        };
        let app = t.operator.succeeded_by(config);
        let refused = notify(&app, SystemTime::from(app.clock.now())).await.unwrap_err();
        let told = shared::error::with_sources(&refused);
        assert!(told.contains("permission denied"), "{login}: {told}");
    }
}

#[tokio::test]
async fn a_url_that_hangs_is_given_five_seconds() {
    let (t, receiver) = start().await;
    switch(&t, &t.org, true).await;
    receiver.answer([Reply::Hang]);
    tokio::time::timeout(Duration::from_secs(30), run(&t)).await.unwrap();
    let row: Value = serde_json::from_str(&t.value("select to_jsonb(n) from notifications n").await).unwrap();
    assert_eq!((&row["last_error"], &row["attempts"]), (&json!("timeout"), &json!(1)));
}

#[tokio::test]
async fn one_run_tells_everything_that_is_due_though_several_rows_are_one_message() {
    let (t, receiver) = start().await;
    let orgs = t.more_organizations(60).await;
    for on in [false, true] {
        for org in &orgs {
            switch(&t, org, on).await;
        }
    }
    make_due(&t).await;
    assert_eq!(run(&t).await.delivered, 60);
    assert_eq!(receiver.take().len(), 60);
}
