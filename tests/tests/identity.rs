//! Who a request comes from, at the real handlers: by its access token, by an authorizer of the operator's
//! own, or by a trusted backend; and what headers may add.

use lambda_http::Body;
use lambda_http::http::Request as HttpRequest;
use serde_json::{Value, json};
use tests::auth::{JWT_SECRET, hs256};
use tests::{Answer, TestApp, event, users};

const PROJECT: &str = "https://ref.supabase.co";

/// With an authorizer of the operator's own in front.
async fn behind_an_authorizer() -> TestApp {
    TestApp::start_with(&[("IDENTITY_SOURCE", "authorizer")]).await
}

/// As it is deployed, for a project with a secret.
async fn with_access_tokens() -> TestApp {
    let variables =
        [("IDENTITY_SOURCE", "access_token"), ("SUPABASE_URL", PROJECT), ("SUPABASE_JWT_SECRET", JWT_SECRET)];
    TestApp::start_with(&variables).await
}

/// The owner's access token, as the header that it comes in.
fn bearer(t: &TestApp) -> String {
    let claims = json!({
        "iss": format!("{PROJECT}/auth/v1"), "aud": "authenticated", "role": "authenticated",
        "sub": users::OWNER, "email": "owner@example.com", "exp": t.now() + 3600
    });
    format!("Bearer {}", hs256(JWT_SECRET.as_bytes(), &json!({ "alg": "HS256" }), &claims))
}

/// The four routes that people call.
async fn everywhere(t: &TestApp, headers: &[(&str, &str)], context: &Value) -> [Answer; 4] {
    let order = json!({ "orgId": t.org, "planCode": "pro", "interval": "month" });
    let org = json!({ "orgId": t.org });
    let entitlements = format!("/api/entitlements?orgId={}", t.org);
    [
        t.call_entitlements(event("GET", &entitlements, headers, None, context)).await,
        t.call_checkout(event("POST", "/api/billing/checkout", headers, Some(&order), context)).await,
        t.call_portal(event("POST", "/api/billing/portal", headers, Some(&org), context)).await,
        t.call_sync(event("POST", "/api/billing/sync", headers, Some(&org), context)).await,
    ]
}

#[tokio::test]
async fn an_authorizers_word_is_enough() {
    let t = behind_an_authorizer().await;
    let context = json!({ "userId": users::OWNER, "email": "owner@example.com" });
    for answer in everywhere(&t, &[], &context).await {
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    let upper = users::OWNER.to_uppercase();
    for header in [("x-user-id", users::OWNER), ("X-User-Id", &upper)] {
        for answer in everywhere(&t, &[header], &context).await {
            assert_eq!(answer.status, 200, "the same person, {header:?}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn a_header_that_names_somebody_else_is_refused() {
    let (t, a) = (with_access_tokens().await, behind_an_authorizer().await);
    let token = bearer(&t);
    let context = json!({ "userId": users::OWNER });
    let twice = format!("{},{}", users::OWNER, users::OWNER);
    for headers in [
        &[("x-user-id", users::OUTSIDER)][..],
        &[("X-USER-ID", users::ADMIN)],
        &[("x-user-id", users::OWNER), ("x-user-id", users::OWNER)],
        &[("x-user-id", users::OWNER), ("X-User-Id", users::OUTSIDER)],
        &[("x-user-id", &twice)],
        &[("x-user-id", "test")],
        &[("x-user-id", "")],
        &[("x-user-id", "0a000000000040008000000000000001")],
    ] {
        let with_token = [&[("authorization", token.as_str())][..], headers].concat();
        let by_token = everywhere(&t, &with_token, &json!({})).await;
        for answer in by_token.into_iter().chain(everywhere(&a, headers, &context).await) {
            answer.assert_failure(403, "identity_mismatch");
            assert_eq!(answer.text("/error"), "The x-user-id header does not match the access token");
        }
    }
    let path = format!("/api/entitlements?orgId={}", t.org);
    let mut two = event("GET", &path, &[("authorization", &token)], None, &json!({}));
    for _ in 0..2 {
        two.headers_mut().append("x-user-id", users::OWNER.parse().unwrap());
    }
    t.call_entitlements(two).await.assert_failure(403, "identity_mismatch");
    for id in [users::OWNER, &users::OWNER.to_uppercase()] {
        for answer in everywhere(&t, &[("authorization", &token), ("x-user-id", id)], &json!({})).await {
            assert_eq!(answer.status, 200, "the same person: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn without_the_authorizers_word_headers_and_tokens_are_nothing() {
    let variables =
        [("IDENTITY_SOURCE", "authorizer"), ("SUPABASE_URL", PROJECT), ("SUPABASE_JWT_SECRET", JWT_SECRET)];
    let t = TestApp::start_with(&variables).await;
    let token = bearer(&t);
    let headers = [
        ("x-user-id", users::OWNER),
        ("x-user-email", "owner@example.com"),
        ("authorization", token.as_str()),
    ];
    for context in [
        json!({}),
        json!(null),
        json!({ "userId": null }),
        json!({ "userId": "" }),
        json!({ "userId": "test" }),
        json!({ "userId": [users::OWNER] }),
        json!({ "userid": users::OWNER }),
        json!({ "email": "owner@example.com" }),
    ] {
        for answer in everywhere(&t, &headers, &context).await {
            answer.assert_failure(401, "unauthenticated");
        }
    }
}

#[tokio::test]
async fn an_e_mail_header_is_nothing_beside_an_authorizers_word() {
    let t = behind_an_authorizer().await;
    let order = json!({ "orgId": t.org, "planCode": "pro", "interval": "month" });
    let context = json!({ "userId": users::OWNER, "email": "owner@example.com" });
    let headers = [("x-user-email", "attacker@example.com")];
    let answer =
        t.call_checkout(event("POST", "/api/billing/checkout", &headers, Some(&order), &context)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let customers = t.stripe.call("GET", "/v1/customers", &json!({})).unwrap();
    assert_eq!(customers["data"][0]["email"], "owner@example.com");
}

#[tokio::test]
async fn trusted_headers_may_stand_once_and_must_be_a_users_id() {
    let t = TestApp::start().await;
    let twice = format!("{},{}", users::OWNER, users::OWNER);
    for headers in [
        &[][..],
        &[("x-user-id", users::OWNER), ("X-User-Id", users::OWNER)],
        &[("x-user-id", users::OWNER), ("x-user-id", users::OUTSIDER)],
        &[("x-user-id", &twice)],
        &[("x-user-id", "")],
        &[("x-user-id", " ")],
        &[("x-user-id", "test")],
        &[("x-user-id", "0a000000000040008000000000000001")],
        &[("x-user-id", users::OWNER), ("x-user-email", "a@example.com"), ("X-User-Email", "b@example.com")],
        &[("x-user-id", users::OWNER), ("x-user-email", "a@example.com,b@example.com")],
    ] {
        for answer in everywhere(&t, headers, &json!({ "userId": users::OWNER })).await {
            answer.assert_failure(401, "unauthenticated");
        }
        let mut request = HttpRequest::builder().uri(format!("/api/entitlements?orgId={}", t.org));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = t.call_entitlements(request.body(Body::Empty).unwrap()).await;
        answer.assert_failure(401, "unauthenticated");
    }
    for answer in everywhere(&t, &[("X-USER-ID", users::OWNER)], &json!({})).await {
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}
