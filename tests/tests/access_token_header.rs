//! The header that an access token comes in: it holds one, and nothing beside it says who calls.

use lambda_http::http::HeaderValue;
use serde_json::json;
use tests::auth::{TestAuth, peoples};
use tests::{event, users};

#[tokio::test]
async fn a_header_that_holds_no_single_token_is_refused() {
    let t = TestAuth::start().await;
    let token = t.token(&t.claims());
    for header in [
        String::new(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        token.clone(),
        format!("Basic {token}"),
        format!("Bearer{token}"),
        format!("Bearer {token},Bearer {token}"),
        format!("Bearer {token}, Bearer {token}"),
        format!("Bearer {token} {token}"),
        format!("Bearer\t{token}"),
        format!("Bearer Bearer {token}"),
        format!("Bearer \"{token}\""),
    ] {
        assert_eq!(t.bearer(&header).await, None, "{header:?}");
    }
    // White space around the whole value is no part of it (RFC 9110, 5.5).
    assert!(t.bearer(&format!("  Bearer {token} ")).await.is_some());
    for function in peoples() {
        t.ask(function, None).await.assert_failure(401, "unauthenticated");
    }
}

#[tokio::test]
async fn of_two_tokens_none_is_taken() {
    let t = TestAuth::start().await;
    let good = format!("Bearer {}", t.token(&t.claims()));
    for two in [[good.as_str(), "Bearer x"], ["Bearer x", &good], [&good, &good]] {
        let headers = two.map(|value| ("authorization", value));
        let request = |headers: &[_]| event("GET", "/api/entitlements", headers, None, &json!(null));
        assert_eq!(t.caller(request(&headers)).await, None, "joined by a comma, as API Gateway does");
        let mut apart = request(&[]);
        for (_, value) in headers {
            apart.headers_mut().append("authorization", value.parse().unwrap());
        }
        assert_eq!(t.caller(apart).await, None, "apart, as a server does");
    }
    let mut odd = event("GET", "/api/entitlements", &[], None, &json!(null));
    odd.headers_mut()
        .insert("authorization", HeaderValue::from_bytes(&[good.as_bytes(), b"\xff"].concat()).unwrap());
    assert_eq!(t.caller(odd).await, None, "what is no text");
}

#[tokio::test]
async fn nothing_but_the_token_says_who_calls() {
    let t = TestAuth::start().await;
    let token = format!("Bearer {}", t.token(&t.claims()));
    let context = json!({ "userId": users::OUTSIDER, "email": "outsider@example.com" });
    let headers =
        [("x-user-email", "outsider@example.com"), ("cookie", "userId=1"), ("x-forwarded-user", "1")];
    let request = |more: &[_]| event("GET", "/api/entitlements", &[&headers, more].concat(), None, &context);
    assert_eq!(t.caller(request(&[])).await, None, "whatever stands in front");
    assert_eq!(t.caller(request(&[("authorization", "Bearer x")])).await, None);
    assert_eq!(t.caller(request(&[("x-user-id", users::OUTSIDER)])).await, None);
    let owner = json!({ "userId": users::OWNER, "email": "owner@example.com" });
    assert_eq!(t.caller(request(&[("authorization", &token)])).await, Some(owner));
}

#[tokio::test]
async fn an_oversized_token_is_refused_before_any_work() {
    let t = TestAuth::start().await;
    let token = t.token(&t.claims_with(json!({ "padding": "x".repeat(8 * 1024) })));
    t.assert_refused(&token, "oversized").await;
    assert_eq!(t.server.fetches(), 0);
    let large = t.token(&t.claims_with(json!({ "padding": "x".repeat(5 * 1024) })));
    assert!(t.speaks_for(&large).await.is_some());
}
