//! What an attacker sends: every answer is a clean 4xx that tells nothing.

use lambda_http::http::{Method, Request as HttpRequest};
use lambda_http::{Body, Request};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use tests::{Answer, TestApp, users};

fn request(method: Method, uri: &str, body: impl Into<Body>) -> Request {
    let request = HttpRequest::builder().method(method).uri(uri).header("x-user-id", users::OWNER);
    request.body(body.into()).unwrap()
}

async fn post(t: &TestApp, route: &str, body: impl Into<Body>) -> Answer {
    match route {
        "checkout" => t.call_checkout(request(Method::POST, "/api/billing/checkout", body)).await,
        _ => t.call_portal(request(Method::POST, "/api/billing/portal", body)).await,
    }
}

/// A refusal in our own shape, of which nothing depends on what was sent but a field's name.
#[track_caller]
fn assert_refused(answer: &Answer, sent: &str) {
    assert!((400..500).contains(&answer.status), "{sent}: {} {}", answer.status, answer.body);
    assert_eq!(answer.body["success"], false, "{sent}: {}", answer.body);
    assert_eq!(answer.body.as_object().map(|fields| fields.len()), Some(4), "{sent}: {}", answer.body);
    assert!(answer.text("/error").len() < 120, "{sent}: {}", answer.body);
}

#[tokio::test]
async fn hostile_bodies_are_refused_and_change_nothing() {
    let t = TestApp::start().await;
    let good = json!({ "orgId": t.org, "planCode": "pro", "interval": "month" }).to_string();
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(10_000), close.repeat(10_000));
    let bodies: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"\"x\"".to_vec(),
        b"{".to_vec(),
        b"\xff\xfe{}".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        b"{\"orgId\":\"\\ud800\"}".to_vec(),
        b"{\"orgId\":1e999}".to_vec(),
        b"{\"orgId\":{\"$ne\":null},\"planCode\":\"pro\",\"interval\":\"month\"}".to_vec(),
        b"{\"__proto__\":{\"admin\":true}}".to_vec(),
        deep("[", "]").into_bytes(),
        deep("{\"a\":", "}").into_bytes(),
        format!("{good}{good}").into_bytes(),
        good.replace("orgId", "orgId\\u0000").into_bytes(),
        good.replacen('{', "{\"orgId\":\"0a000000-0000-4000-8000-0000000000ff\",", 1).into_bytes(),
        good.replace("\"pro\"", "\"pro'; drop table plans; --\"").into_bytes(),
        good.replace("\"pro\"", "\"PRO\"").into_bytes(),
        good.replace("\"month\"", "\"month\\u0000\"").into_bytes(),
        good.replace('}', ",\"userId\":\"0a000000-0000-4000-8000-000000000001\"}").into_bytes(),
        good.replace('}', ",\"price\":\"price_free\"}").into_bytes(),
        format!("{{\"orgId\":\"{}\"}}", "a".repeat(60_000)).into_bytes(),
        vec![b'{'; 64 * 1024 + 1],
    ];
    for body in bodies {
        let sent = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        for route in ["checkout", "portal"] {
            assert_refused(&post(&t, route, body.clone()).await, &sent);
        }
    }
    assert_eq!(t.value("select count(*) from customers").await, "0");
}

#[tokio::test]
async fn hostile_queries_are_refused() {
    let t = TestApp::start().await;
    let other = &t.other_org;
    for query in [
        String::new(),
        "orgId".to_owned(),
        "orgId=".to_owned(),
        "orgid=x".to_owned(),
        "orgId=%00".to_owned(),
        "orgId=%ff%fe".to_owned(),
        "orgId=%".to_owned(),
        "orgId=../../etc/passwd".to_owned(),
        "orgId=1%27%20or%20%271%27=%271".to_owned(),
        format!("orgId={}", "a".repeat(7000)),
        format!("orgId={}&orgId={other}", t.org),
        format!("orgId[]={}", t.org),
        format!("orgId=%7B{}%7D", t.org),
        format!("orgId=urn:uuid:{}", t.org),
        format!("orgId={}", t.org.replace('-', "")),
        format!("orgId=+{}", t.org),
        format!("orgId={}%0d%0aset-cookie:%20a=b", t.org),
    ] {
        let answer =
            t.call_entitlements(request(Method::GET, &format!("/api/entitlements?{query}"), "")).await;
        assert_refused(&answer, &query);
        assert_eq!(answer.status, 400, "{query}");
    }
}

#[tokio::test]
async fn hostile_return_urls_never_become_a_redirect() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    let asked = t.stripe.requests().len();
    for url in [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "https:evil.example",
        "https:/evil.example",
        "https://evil.example/?https://app.example.com",
        "https://app.example.com.evil.example",
        "https://app.example.com@evil.example",
        "https://app.example.com:443@evil.example",
        "https://user@app.example.com",
        "https://app.example.com\\.evil.example",
        "https://app.example.com%2eevil.example",
        "https://app.example.com:444",
        "https://app.example.com.",
        "http://app.example.com",
        "HTTPS://EVIL.EXAMPLE",
        "javascript:alert(1)",
        "JaVaScRiPt://app.example.com/%0aalert(1)",
        "data:text/html,<script>1</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "ftp://app.example.com",
        "blob:https://app.example.com/1",
        "https://аpp.example.com",
        "https://app.example.com\u{3002}evil.example",
        "https://app\u{2024}example.com",
        "https://ａpp.example.com@evil.example",
        "https://app.example.com\t.evil.example",
        "https://app.exa\nmple.com",
        "\u{0}https://app.example.com",
        "https://[::1]/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://",
        "https://:443",
        "app.example.com",
        "",
    ] {
        let answer = t.portal(users::OWNER, &json!({ "orgId": t.org, "returnUrl": url })).await;
        answer.assert_failure(400, "invalid_return_url");
    }
    assert_eq!(t.stripe.requests().len(), asked, "Stripe was asked for none of them");
}

#[tokio::test]
async fn every_answer_tells_browsers_that_it_is_data() {
    let t = TestApp::start().await;
    let first = t.entitlements(users::OWNER, &t.org).await;
    let etag = first.header("etag").unwrap().to_owned();
    for answer in [
        t.entitlements_if_changed(users::OWNER, &t.org, Some(&etag)).await,
        t.entitlements(users::OUTSIDER, &t.org).await,
        t.checkout_plan("pro", "month").await,
        t.portal(users::OWNER, &json!({})).await,
        t.webhook("test", Body::from("{}")).await,
        t.health().await,
        first,
    ] {
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(
            answer.header("content-security-policy"),
            Some("default-src 'none'; frame-ancestors 'none'")
        );
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000"));
        assert!(answer.status == 304 || answer.header("content-type") == Some("application/json"));
        assert!(
            answer.header("location").is_none() && answer.header("access-control-allow-origin").is_none()
        );
        // The frame of the deployment answers for CORS, and nobody else.
        assert!(matches!(answer.header("cache-control"), Some("no-store" | "private, no-cache")));
    }
}

#[tokio::test]
async fn no_body_that_can_be_thought_up_is_a_failure_of_ours() {
    let t = TestApp::start().await;
    let value = prop_oneof![
        any::<String>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<f64>().prop_map(serde_json::Value::from),
        any::<bool>().prop_map(serde_json::Value::from),
        Just(serde_json::Value::Null),
        Just(json!(t.org)),
        Just(json!("enterprise")),
        Just(json!("year")),
        Just(json!([])),
    ];
    let name = prop_oneof![
        Just("orgId".to_owned()),
        Just("planCode".to_owned()),
        Just("interval".to_owned()),
        Just("returnUrl".to_owned()),
        any::<String>(),
    ];
    let bodies = proptest::collection::hash_map(name, value, 0..5);
    let mut runner = TestRunner::new(Config { cases: 300, failure_persistence: None, ..Config::default() });
    let (sender, mut receiver) =
        tokio::sync::mpsc::unbounded_channel::<(String, std::sync::mpsc::Sender<(u16, u16)>)>();
    // The runner is not asynchronous: it asks from a thread of its own.
    let asking = tokio::task::spawn_blocking(move || {
        runner.run(&bodies, |body| {
            let (answer, answered) = std::sync::mpsc::channel();
            sender.send((json!(body).to_string(), answer)).unwrap();
            let (checkout, portal) = answered.recv().unwrap();
            prop_assert!(checkout < 500 && portal < 500, "{checkout} {portal}");
            Ok(())
        })
    });
    while let Some((body, answer)) = receiver.recv().await {
        let (checkout, portal) =
            (post(&t, "checkout", body.clone()).await.status, post(&t, "portal", body).await.status);
        answer.send((checkout, portal)).unwrap();
    }
    asking.await.unwrap().unwrap();
}
