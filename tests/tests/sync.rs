//! POST /api/billing/sync: the success page does not wait for the webhook.

use serde_json::json;
use stripe_emulator::Fault;
use tests::{Answer, TestApp, truth, users};

async fn paid_and_no_event_came() -> TestApp {
    let t = TestApp::start().await;
    let session = t.checkout_plan("pro", "month").await;
    t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
    t
}

async fn sync(t: &TestApp, user: &str) -> Answer {
    t.sync(user, &json!({ "orgId": t.org })).await
}

fn reads(t: &TestApp) -> usize {
    t.stripe.requests().iter().filter(|call| call.method == "GET" && call.path == "/v1/subscriptions").count()
}

#[tokio::test]
async fn who_has_paid_has_it_before_any_event_came() {
    let t = paid_and_no_event_came().await;
    assert_eq!(t.entitlements(users::MEMBER, &t.org).await.text("/planCode"), "pilot");
    let answer = sync(&t, users::MEMBER).await;
    assert_eq!((answer.status, answer.text("/planCode"), answer.text("/status")), (200, "pro", "active"));
    let mut read = t.entitlements(users::MEMBER, &t.org).await.body;
    read["timestamp"] = answer.body["timestamp"].clone();
    assert_eq!(read, answer.body, "it answers as entitlements do");
    assert_eq!(truth::differences(&t).await, [""; 0]);
    assert_eq!(t.value("select telemetry ->> 'cause' from runs where kind = 'plan_changed'").await, "sync");
    // The events come after all, and change nothing.
    t.deliver_all().await;
    assert_eq!(t.value("select count(*) from runs where kind = 'plan_changed'").await, "1");
}

#[tokio::test]
async fn what_an_event_brought_while_stripe_was_asked_is_in_the_answer() {
    let t = paid_and_no_event_came().await;
    t.stripe.fail(Fault {
        path_prefix: "/v1/subscriptions".into(),
        status: 200,
        delay_ms: 60_000,
        ..Fault::default()
    });
    let before = reads(&t);
    let events = async {
        while reads(&t) == before {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        t.deliver(&t.last_event("customer.subscription.created")).await;
        t.deliver(&t.last_event("customer.subscription.updated")).await;
        t.stripe.release_answers();
    };
    let (answer, ()) = futures_util::join!(sync(&t, users::OWNER), events);
    assert_eq!(answer.text("/planCode"), "pro");
}

#[tokio::test]
async fn stripe_is_asked_once_in_five_seconds_however_many_ask_us() {
    let t = paid_and_no_event_came().await;
    let before = reads(&t);
    let answers = futures_util::future::join_all((0..20).map(|_| sync(&t, users::OWNER))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(reads(&t) - before, 1);
    t.db.batch_execute("update billing_private.syncs set synced_at = synced_at - interval '5 seconds'")
        .await
        .unwrap();
    sync(&t, users::OWNER).await;
    assert_eq!(reads(&t) - before, 2);
}

#[tokio::test]
async fn an_organization_without_a_customer_needs_no_question() {
    let t = TestApp::start().await;
    let answer = sync(&t, users::OWNER).await;
    assert_eq!((answer.status, answer.text("/planCode")), (200, "pilot"));
    assert_eq!(reads(&t), 0);
}

#[tokio::test]
async fn a_cancellation_is_seen_as_well_and_a_deleted_customer_is_none() {
    let t = TestApp::start().await;
    let subscription = t.buy("pro", "month").await;
    t.stripe.advance(60);
    t.stripe.cancel_now(&subscription).unwrap();
    assert_eq!(sync(&t, users::OWNER).await.text("/planCode"), "pilot");
    let customer = t.value("select stripe_customer_id from customers").await;
    t.stripe.call("DELETE", &format!("/v1/customers/{customer}"), &json!({})).unwrap();
    t.db.batch_execute("delete from billing_private.syncs").await.unwrap();
    assert_eq!(sync(&t, users::OWNER).await.status, 200);
}

#[tokio::test]
async fn who_may_not_is_told_so_and_stripe_is_not_asked() {
    let t = paid_and_no_event_came().await;
    let before = reads(&t);
    sync(&t, users::OUTSIDER).await.assert_failure(403, "not_a_member");
    sync(&t, "").await.assert_failure(401, "unauthenticated");
    t.sync(users::OWNER, &json!({ "orgId": "x" })).await.assert_failure(400, "invalid_org_id");
    t.sync(users::OWNER, &json!({ "orgId": t.org, "force": true }))
        .await
        .assert_failure(400, "invalid_request");
    assert_eq!(reads(&t), before);
}

#[tokio::test]
async fn a_question_that_stripe_did_not_answer_is_asked_again_after_a_second() {
    let t = paid_and_no_event_came().await;
    let passes = |seconds: &str| {
        format!("update billing_private.syncs set synced_at = synced_at - interval '{seconds} seconds'")
    };
    t.stripe.fail(Fault { path_prefix: "/v1/subscriptions".into(), status: 400, ..Fault::default() });
    sync(&t, users::OWNER).await.assert_failure(502, "stripe_error");
    let before = reads(&t);
    assert_eq!(sync(&t, users::OWNER).await.text("/planCode"), "pilot");
    assert_eq!(reads(&t), before, "nobody asks again and again");
    t.db.batch_execute(&passes("1")).await.unwrap();
    assert_eq!(sync(&t, users::OWNER).await.text("/planCode"), "pro");

    // One that failed late takes no younger one's turn away.
    let late = format!("select billing.pf_fail_sync('{}', false, 20000)", t.org);
    t.db.batch_execute(&late).await.unwrap();
    t.db.batch_execute(&passes("1")).await.unwrap();
    let before = reads(&t);
    sync(&t, users::OWNER).await;
    assert_eq!(reads(&t), before);
}

#[tokio::test]
async fn when_stripe_is_down_it_says_so_and_nothing_is_lost() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    t.stripe.fail(Fault { path_prefix: "/v1/subscriptions".into(), status: 400, ..Fault::default() });
    sync(&t, users::OWNER).await.assert_failure(502, "stripe_error");
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pro");
}
