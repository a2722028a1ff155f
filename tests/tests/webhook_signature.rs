//! POST /api/webhooks/stripe: only what Stripe signed, just now.

use base64::Engine;
use lambda_http::Body;
use lambda_http::http::Request;
use serde_json::{Value, json};
use stripe_emulator::sign;
use tests::TestApp;

const SECRET: &str = "whsec_test";

fn harmless() -> String {
    json!({ "id": "evt_1", "object": "event", "type": "charge.captured", "created": 1, "livemode": false,
        "data": { "object": {} } })
    .to_string()
}

#[tokio::test]
async fn the_health_check_line_that_operators_know_answers_invalid_signature() {
    let t = TestApp::start().await;
    let answer = t.webhook("test", Body::from("{}")).await;
    answer.assert_failure(400, "invalid_signature");
    assert_eq!(answer.text("/error"), "Invalid signature");
}

#[tokio::test]
async fn a_missing_or_repeated_header_is_refused() {
    let t = TestApp::start().await;
    let without =
        Request::builder().method("POST").uri("/api/webhooks/stripe").body(Body::from(harmless())).unwrap();
    t.call_webhook(without).await.assert_failure(400, "invalid_signature");
    let header = sign(harmless().as_bytes(), SECRET, t.now());
    let twice = Request::builder()
        .method("POST")
        .uri("/api/webhooks/stripe")
        .header("stripe-signature", &header)
        .header("stripe-signature", &header);
    t.call_webhook(twice.body(Body::from(harmless())).unwrap())
        .await
        .assert_failure(400, "invalid_signature");
}

#[tokio::test]
async fn a_signature_of_another_secret_body_or_time_is_refused() {
    let t = TestApp::start().await;
    let body = harmless();
    let now = t.now();
    for (header, body) in [
        (sign(body.as_bytes(), "whsec_other", now), body.clone()),
        (sign(body.as_bytes(), SECRET, now), body.replace("evt_1", "evt_2")),
        (sign(body.as_bytes(), SECRET, now - 400), body.clone()),
        (sign(body.as_bytes(), SECRET, now + 400), body.clone()),
        (sign(body.as_bytes(), SECRET, now).replace("v1=", "v0="), body.clone()),
    ] {
        t.webhook(&header, Body::from(body)).await.assert_failure(400, "invalid_signature");
    }
}

#[tokio::test]
async fn both_secrets_hold_while_one_replaces_the_other() {
    let t = TestApp::start_with(&[("STRIPE_WEBHOOK_SECRET", "whsec_new, whsec_test")]).await;
    for secret in ["whsec_new", "whsec_test"] {
        t.webhook(&sign(harmless().as_bytes(), secret, t.now()), Body::from(harmless()))
            .await
            .assert_outcome("ignored");
    }
}

#[tokio::test]
async fn without_a_configured_secret_every_event_is_refused() {
    let t = TestApp::start_with(&[("STRIPE_WEBHOOK_SECRET", "")]).await;
    for secret in ["", SECRET] {
        t.webhook(&sign(harmless().as_bytes(), secret, t.now()), Body::from(harmless()))
            .await
            .assert_failure(400, "invalid_signature");
    }
}

#[tokio::test]
async fn what_is_no_signing_secret_verifies_nothing() {
    for other in ["sk_test_1", "we_1", "pk_test_1", "whsec_", "whsec_...", "secret"] {
        let t = TestApp::start_with(&[("STRIPE_WEBHOOK_SECRET", other)]).await;
        t.webhook(&sign(harmless().as_bytes(), other, t.now()), Body::from(harmless()))
            .await
            .assert_failure(400, "invalid_signature");
    }
    let t = TestApp::start_with(&[("STRIPE_WEBHOOK_SECRET", " \"whsec_test,we_1\"\n")]).await;
    let header = |secret| sign(harmless().as_bytes(), secret, t.now());
    t.webhook(&header("whsec_test"), Body::from(harmless())).await.assert_outcome("ignored");
    t.webhook(&header("we_1"), Body::from(harmless())).await.assert_failure(400, "invalid_signature");
}

#[tokio::test]
async fn the_raw_bytes_count_also_where_the_gateway_encoded_them() {
    let t = TestApp::start().await;
    // Key order and white space as nobody would serialize them again.
    let body = format!(" {} \n", harmless());
    let header = sign(body.as_bytes(), SECRET, t.now());
    t.webhook(&header, Body::Binary(body.clone().into_bytes())).await.assert_outcome("ignored");
    let event: Value = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/", "rawQueryString": "",
        "isBase64Encoded": true,
        "headers": { "stripe-signature": header },
        "requestContext": { "http": { "method": "POST", "path": "/", "protocol": "HTTP/1.1",
            "sourceIp": "127.0.0.1", "userAgent": "Stripe" }, "timeEpoch": 0 },
        "body": base64::engine::general_purpose::STANDARD.encode(&body)
    });
    let request = lambda_http::request::from_str(&event.to_string()).unwrap();
    t.call_webhook(request).await.assert_outcome("ignored");
}

#[tokio::test]
async fn a_signed_body_that_is_no_event_is_a_400_that_names_the_field() {
    let t = TestApp::start().await;
    for (body, field) in [
        ("{}", "id"),
        (r#"{"id":"evt_1","created":1}"#, "type"),
        (r#"{"id":"evt_1","type":"invoice.paid","created":"today"}"#, "created"),
        (r#"{"id":"evt_1","type":"invoice.paid","created":1,"livemode":false}"#, "data.object"),
        (
            concat!(
                r#"{"id":"evt_1","type":"customer.subscription.updated","created":1,"livemode":false,"#,
                r#""data":{"object":{"id":"sub_1"}}}"#
            ),
            "status",
        ),
        ("[1", "the event"),
    ] {
        let answer = t.webhook(&sign(body.as_bytes(), SECRET, t.now()), Body::from(body)).await;
        answer.assert_failure(400, "invalid_request");
        assert!(answer.text("/error").contains(field), "{body}: {}", answer.body);
    }
}

#[tokio::test]
async fn an_event_may_be_large_and_has_a_limit() {
    let t = TestApp::start().await;
    let large =
        harmless().replace("\"object\":{}", &format!("\"object\":{{\"x\":\"{}\"}}", "x".repeat(1_000_000)));
    t.webhook(&sign(large.as_bytes(), SECRET, t.now()), Body::from(large)).await.assert_outcome("ignored");
    let larger = "x".repeat(1024 * 1024 + 1);
    t.webhook(&sign(larger.as_bytes(), SECRET, t.now()), Body::from(larger))
        .await
        .assert_failure(413, "payload_too_large");
}
