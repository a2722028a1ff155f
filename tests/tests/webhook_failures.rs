//! POST /api/webhooks/stripe: nothing is lost. What fails is kept, sent again, and then processed.

use serde_json::{Value, json};
use stripe_emulator::Fault;
use tests::{TestApp, users};

/// An event of a subscription that names no organization, and that Stripe does not know any more, from a
/// customer that nobody stored.
async fn homeless(t: &TestApp) -> Value {
    let session = t.checkout_plan("pro", "month").await;
    t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
    let mut event = t.last_event("customer.subscription.updated");
    event["data"]["object"]["metadata"] = json!({ "plan_code": "pro" });
    event["data"]["object"]["id"] = json!("sub_of_nobody");
    t.db.batch_execute("delete from customers").await.unwrap();
    event
}

#[tokio::test]
async fn an_event_without_an_organization_is_refused_and_processed_once_the_organization_is_known() {
    let t = TestApp::start().await;
    let event = homeless(&t).await;
    for attempt in 1..=2 {
        let answer = t.deliver(&event).await;
        answer.assert_failure(400, "missing_org_id");
        assert_eq!(answer.text("/error"), "Could not extract org_id");
        let kept = "select concat_ws(' ', status, attempts, error_code, next_retry_at > now(),
              processed_at is null) from webhook_events";
        assert_eq!(t.value(kept).await, format!("failed {attempt} missing_org_id t t"));
    }
    let customer = event["data"]["object"]["customer"].as_str().unwrap();
    let learn = format!(
        "insert into customers (org_id, livemode, stripe_customer_id) values ('{}', false, '{customer}')",
        t.org
    );
    t.db.batch_execute(&learn).await.unwrap();
    t.deliver(&event).await.assert_outcome("applied");
    let kept = "select concat_ws(' ', status, outcome, attempts, error_code is null, next_retry_at is null)
        from webhook_events";
    assert_eq!(t.value(kept).await, "processed applied 3 t t");
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pro");
    t.deliver(&event).await.assert_outcome("duplicate");
}

#[tokio::test]
async fn an_organization_that_does_not_exist_is_no_organization() {
    let t = TestApp::start().await;
    let mut event = homeless(&t).await;
    for org in ["00000000-0000-4000-8000-00000000dead", "not a uuid", ""] {
        event["data"]["object"]["metadata"]["org_id"] = json!(org);
        t.deliver(&event).await.assert_failure(400, "missing_org_id");
    }
}

#[tokio::test]
async fn another_products_subscriptions_may_be_acknowledged() {
    let t = TestApp::start_with(&[("FOREIGN_SUBSCRIPTIONS", "acknowledge")]).await;
    let event = homeless(&t).await;
    t.deliver(&event).await.assert_outcome("ignored");
    assert_eq!(t.value("select count(*) from subscriptions").await, "0");
}

#[tokio::test]
async fn when_stripe_is_down_during_a_read_the_event_is_kept_and_comes_again() {
    let t = TestApp::start().await;
    let session = t.checkout_plan("pro", "month").await;
    t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
    let event = t.last_event("invoice.paid");
    t.stripe.fail(Fault { path_prefix: "/v1/subscriptions".to_owned(), status: 402, ..Fault::default() });
    let answer = t.deliver(&event).await;
    answer.assert_failure(500, "processing_failed");
    assert_eq!(answer.text("/error"), "Event processing failed");
    let kept = "select concat_ws(' ', status, attempts, error_code, outcome is null) from webhook_events";
    assert_eq!(t.value(kept).await, "failed 1 stripe_error t");
    t.deliver(&event).await.assert_outcome("applied");
    let kept = "select concat_ws(' ', status, attempts, error_code is null) from webhook_events";
    assert_eq!(t.value(kept).await, "processed 2 t");
}

#[tokio::test]
async fn a_failure_late_in_the_work_leaves_nothing_behind() {
    let t = TestApp::start().await;
    let session = t.checkout_plan("pro", "month").await;
    t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
    t.db.batch_execute("alter table entitlements add constraint planted check (false) not valid")
        .await
        .unwrap();
    let event = t.last_event("customer.subscription.updated");
    t.deliver(&event).await.assert_failure(500, "processing_failed");
    assert_eq!(t.value("select count(*) from subscriptions").await, "0");
    assert_eq!(t.value("select count(*) from runs").await, "0");
    assert_eq!(
        t.value("select concat_ws(' ', status, error_code) from webhook_events").await,
        "failed internal"
    );
    t.db.batch_execute("alter table entitlements drop constraint planted").await.unwrap();
    t.deliver(&event).await.assert_outcome("applied");
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pro");
}

#[tokio::test]
async fn without_a_database_stripe_is_asked_to_send_again() {
    let t = TestApp::start_with(&[("DATABASE_URL", "postgres://billing_reader@127.0.0.1:1/none")]).await;
    let event = json!({ "id": "evt_1", "type": "invoice.paid", "created": t.now(), "livemode": false,
        "data": { "object": { "customer": "cus_1", "subscription": "sub_1" } } });
    t.deliver(&event).await.assert_failure(500, "processing_failed");
}

#[tokio::test]
async fn a_connection_that_died_is_replaced_without_a_failure() {
    let t = TestApp::start_with(&[("DATABASE_POOL_SIZE", "1")]).await;
    t.buy("pro", "month").await;
    let kill = "select count(pg_terminate_backend(pid)) from pg_stat_activity
        where usename like 'billing%' and datname = current_database()";
    // Checkout's and the webhook's.
    assert_eq!(t.value(kill).await, "2");
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pro");
    t.deliver(&t.last_event("customer.subscription.created")).await.assert_outcome("duplicate");
    assert_eq!(t.value(kill).await, "2");
    t.stripe.advance(5);
    t.stripe.cancel_now(t.stripe.subscriptions()[0]["id"].as_str().unwrap()).unwrap();
    t.deliver(&t.last_event("customer.subscription.deleted")).await.assert_outcome("applied");
}

#[tokio::test]
async fn a_retry_time_moves_away_with_every_failure() {
    let t = TestApp::start().await;
    let event = homeless(&t).await;
    let mut waits = Vec::new();
    for _ in 0..12 {
        t.deliver(&event).await.assert_failure(400, "missing_org_id");
        waits.push(
            t.value("select extract(epoch from next_retry_at - last_attempt_at)::int from webhook_events")
                .await
                .parse::<i32>()
                .unwrap(),
        );
    }
    assert_eq!(waits[..4], [60, 120, 240, 480]);
    assert_eq!(waits[11], 6 * 3600);
}
