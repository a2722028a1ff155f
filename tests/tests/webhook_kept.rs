//! POST /api/webhooks/stripe: an event that cannot be worked on at all is kept with its reason.

use lambda_http::Body;
use serde_json::{Value, json};
use shared::billing::replay_event::{Replay, replay_body};
use stripe_emulator::sign;
use tests::{Answer, TestApp, users};

const KEPT: &str = "select string_agg(concat_ws(' ', event_id, type, status, error_code, attempts,
      next_retry_at is not null), ', ' order by event_id) from webhook_events";

async fn deliver_signed(t: &TestApp, body: &str) -> Answer {
    t.webhook(&sign(body.as_bytes(), "whsec_test", t.now()), Body::from(body)).await
}

/// An event that writes.
fn event(t: &TestApp) -> Value {
    t.subscribe(&json!({ "org_id": t.org }));
    t.last_event("customer.subscription.created")
}

/// Makes everything that failed due, and reconciles.
async fn reconcile_all(t: &TestApp) {
    t.db.batch_execute("update webhook_events set next_retry_at = now() where next_retry_at is not null")
        .await
        .unwrap();
    t.reconcile().await;
}

#[tokio::test]
async fn a_signed_event_that_cannot_be_read_is_kept_with_its_reason() {
    for (body, kept) in [
        (r#"{"id":"evt_1","created":1790000000}"#, "evt_1 unreadable failed invalid_request"),
        (r#"{"id":"evt_1","type":7,"created":1790000000}"#, "evt_1 unreadable failed invalid_request"),
        (
            r#"{"id":"evt_1","type":"invoice.paid","created":"today"}"#,
            "evt_1 invoice.paid failed invalid_request",
        ),
        (r#"{"id":"evt_1","type":"invoice.paid"} x"#, "evt_1 invoice.paid failed invalid_request"),
        (
            r#"{"id":"evt_1","type":"invoice.paid","created":1790000000,"livemode":false}"#,
            "evt_1 invoice.paid failed invalid_request",
        ),
        (
            concat!(
                r#"{"id":"evt_1","type":"customer.subscription.updated","created":1790000000,"#,
                r#""livemode":false,"data":{"object":{"id":"sub_1"}}}"#
            ),
            "evt_1 customer.subscription.updated failed invalid_request",
        ),
        (
            concat!(
                r#"{"id":"evt_2","object":"v2.core.event","type":"v1.invoice.paid","#,
                r#""snapshot_event":"evt_1","livemode":false}"#
            ),
            "evt_1 v1.invoice.paid failed invalid_request",
        ),
    ] {
        let t = TestApp::start().await;
        for attempt in 1..=2 {
            let answer = deliver_signed(&t, body).await;
            answer.assert_failure(400, "invalid_request");
            assert_eq!(answer.header("retry-after"), Some("60"), "{body}");
            assert_eq!(t.value(KEPT).await, format!("{kept} {attempt} t"), "{body}");
        }
    }
}

#[tokio::test]
async fn a_signed_body_without_an_id_is_kept_once_and_nobody_asks_stripe_for_it() {
    let t = TestApp::start().await;
    let bodies = ["{}", "[1", "null", "", "\u{0}", r#"{"id":"sub_1"}"#, r#"{"id":"evt_' or 1=1"}"#];
    for body in bodies.into_iter().chain(bodies) {
        let answer = deliver_signed(&t, body).await;
        answer.assert_failure(400, "invalid_request");
        assert_eq!(answer.header("retry-after"), Some("60"), "{body}");
    }
    let odd = b"{\"id\": \"\xff\"}";
    t.webhook(&sign(odd, "whsec_test", t.now()), Body::Binary(odd.to_vec()))
        .await
        .assert_failure(400, "invalid_request");
    reconcile_all(&t).await;
    let kept = "select concat_ws(' ', count(*), min(left(event_id, 11)), max(left(event_id, 11)),
          min(error_code), max(error_code), count(next_retry_at)) from webhook_events";
    assert_eq!(t.value(kept).await, "8 unreadable_ unreadable_ invalid_request invalid_request 0");
}

#[tokio::test]
async fn an_event_that_was_kept_is_applied_once_it_can_be_read() {
    let t = TestApp::start().await;
    let event = event(&t);
    let mut unreadable = event.clone();
    unreadable["type"] = json!(null);
    deliver_signed(&t, &unreadable.to_string()).await.assert_failure(400, "invalid_request");
    // Stripe has it in a form that can be read.
    reconcile_all(&t).await;
    let state = "select concat_ws(' ', status, outcome, error_code is null) from webhook_events
        where type = 'customer.subscription.created'";
    let kept = format!(
        "select concat_ws(' ', status, outcome, error_code is null) from webhook_events
            where event_id = '{}'",
        event["id"].as_str().unwrap()
    );
    assert_eq!(t.value(&kept).await, "processed applied t", "{}", t.value(state).await);
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pro");
    // And what is processed stays so, whatever comes under its id.
    deliver_signed(&t, &unreadable.to_string()).await.assert_failure(400, "invalid_request");
    assert_eq!(t.value(&kept).await, "processed applied t");
}

#[tokio::test]
async fn an_event_of_stripes_list_that_cannot_be_read_is_kept_too() {
    let t = TestApp::start().await;
    let replayed = replay_body(&t.operator.resources(), r#"{"id":"evt_1","created":1790000000}"#).await;
    assert!(matches!(replayed, Ok(Replay::Failed(_))), "{replayed:?}");
    assert_eq!(t.value(KEPT).await, "evt_1 unreadable failed invalid_request 1 t");
}

#[tokio::test]
async fn an_event_that_comes_while_there_is_no_secret_is_kept_and_applied_when_stripe_confirms_it() {
    let t = TestApp::start_with(&[("STRIPE_WEBHOOK_SECRET", "")]).await;
    let event = event(&t);
    let id = event["id"].as_str().unwrap();
    for _ in 0..2 {
        let answer = t.deliver(&event).await;
        answer.assert_failure(400, "invalid_signature");
        assert_eq!(answer.header("retry-after"), Some("60"));
        let kept = format!("{id} customer.subscription.created failed no_signing_secret 1 t");
        assert_eq!(t.value(KEPT).await, kept, "who is not known changes nothing that is");
    }
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pilot");
    let forged = json!({ "id": "evt_forged", "type": "customer.subscription.deleted", "created": t.now(),
        "livemode": false, "data": { "object": event["data"]["object"] } });
    t.deliver(&forged).await.assert_failure(400, "invalid_signature");
    reconcile_all(&t).await;
    let state = format!(
        "select string_agg(concat_ws(' ', status, outcome, error_code), ', ' order by status)
            from webhook_events where event_id in ('{id}', 'evt_forged')"
    );
    assert_eq!(t.value(&state).await, "failed gone_at_stripe, processed applied");
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pro");
    t.deliver(&event).await.assert_failure(400, "invalid_signature");
    assert_eq!(t.value(&state).await, "failed gone_at_stripe, processed applied");
}

#[tokio::test]
async fn what_nobody_can_check_is_kept_only_if_it_could_be_stripes_and_never_without_end() {
    let t = TestApp::start_with(&[("STRIPE_WEBHOOK_SECRET", "")]).await;
    let told = |id: &str, created: Value, livemode: bool| {
        let kind = "invoice.paid";
        json!({ "id": id, "type": kind, "created": created, "livemode": livemode })
    };
    for impossible in [
        told("evt_1", json!(t.now() - 40 * 86400), false),
        told("evt_1", json!(t.now() + 7200), false),
        told("evt_1", json!(null), false),
        told("evt_1", json!(t.now()), true),
        told("sub_1", json!(t.now()), false),
        told("evt_", json!(t.now()), false),
        json!([]),
    ] {
        t.deliver(&impossible).await.assert_failure(400, "invalid_signature");
        assert_eq!(t.value("select count(*) from webhook_events").await, "0", "{impossible}");
    }
    t.db.batch_execute(
        "select pf_keep_event(jsonb_build_object('id', 'evt_' || n, 'type', 'x', 'livemode', false,
            'created', extract(epoch from now())::bigint), 'no_signing_secret', false)
         from generate_series(1, 1003) n",
    )
    .await
    .unwrap();
    assert_eq!(t.value("select count(*) from webhook_events").await, "1000");
    t.deliver(&told("evt_x", json!(t.now()), false)).await.assert_failure(400, "invalid_signature");
    assert_eq!(t.value("select count(*) from webhook_events").await, "1000");
}

#[tokio::test]
async fn without_stripes_key_an_event_is_kept_and_comes_again() {
    let t = TestApp::start_with(&[("STRIPE_SECRET_KEY", "")]).await;
    let event = json!({ "id": "evt_1", "type": "invoice.paid", "created": t.now(), "livemode": false,
        "data": { "object": { "customer": "cus_1", "subscription": "sub_1" } } });
    let answer = t.deliver(&event).await;
    answer.assert_failure(500, "processing_failed");
    assert_eq!(answer.header("retry-after"), Some("60"));
    assert_eq!(t.value(KEPT).await, "evt_1 invoice.paid failed not_configured 1 t");
}

#[tokio::test]
async fn without_a_database_an_event_that_cannot_be_kept_is_answered_the_same() {
    let t = TestApp::start_with(&[("DATABASE_URL", "postgres://billing_events@127.0.0.1:1/none")]).await;
    let answer = deliver_signed(&t, "{}").await;
    answer.assert_failure(400, "invalid_request");
    assert_eq!(answer.header("retry-after"), Some("60"));
}
