//! POST /api/billing/checkout, each way to be refused.

use lambda_http::http::Request;
use serde_json::json;
use stripe_emulator::Fault;
use tests::{TestApp, users};

#[tokio::test]
async fn who_may_not_is_told_so() {
    let t = TestApp::start().await;
    let order = json!({ "orgId": t.org, "planCode": "pro", "interval": "month" });
    t.checkout(users::MEMBER, &order).await.assert_failure(403, "not_a_billing_admin");
    let stranger = t.checkout(users::OUTSIDER, &order).await;
    let nobody = t
        .checkout(
            users::OUTSIDER,
            &json!({ "orgId": "00000000-0000-4000-8000-00000000dead", "planCode": "pro",
                "interval": "month" }),
        )
        .await;
    stranger.assert_failure(403, "not_a_member");
    assert_eq!(stranger.body, nobody.body);
    t.checkout("test", &order).await.assert_failure(401, "unauthenticated");
    assert!(t.stripe.requests().iter().all(|call| call.path != "/v1/customers"), "Stripe was not asked");
}

#[tokio::test]
async fn what_is_not_sold_is_refused() {
    let t = TestApp::start().await;
    for (plan, interval, code) in [
        ("gold", "month", "invalid_plan"),
        ("Pro", "month", "invalid_plan"),
        ("", "month", "invalid_plan"),
        ("pro", "week", "invalid_interval"),
        ("pro", "", "invalid_interval"),
        ("pilot", "year", "invalid_interval"),
    ] {
        t.checkout_plan(plan, interval).await.assert_failure(400, code);
    }
}

#[tokio::test]
async fn a_malformed_request_names_its_field() {
    let t = TestApp::start().await;
    let org = &t.org;
    for (body, field) in [
        (json!({ "planCode": "pro", "interval": "month" }), "orgId"),
        (json!({ "orgId": org, "interval": "month" }), "planCode"),
        (json!({ "orgId": org, "planCode": 5, "interval": "month" }), "planCode"),
        (json!({ "orgId": org, "planCode": "pro", "interval": ["month"] }), "interval"),
        (json!({ "orgId": org, "planCode": "pro", "interval": "month", "userId": users::OWNER }), "userId"),
        (json!({ "orgId": org, "planCode": "pro", "interval": "month", "price_id": "price_1" }), "price_id"),
    ] {
        let answer = t.checkout(users::OWNER, &body).await;
        answer.assert_failure(400, "invalid_request");
        assert!(answer.text("/error").contains(field), "{body}: {}", answer.body);
    }
    t.checkout(users::OWNER, &json!({ "orgId": "test", "planCode": "pro", "interval": "month" }))
        .await
        .assert_failure(400, "invalid_org_id");
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let t = TestApp::start().await;
    for body in ["", "{", "null", "[]", "\"x\"", "orgId=1", "{\"orgId\":\"a\",\"orgId\":\"b\"}", "{} {}"] {
        let request = Request::builder()
            .method("POST")
            .uri("/api/billing/checkout")
            .header("x-user-id", users::OWNER)
            .body(body.into())
            .unwrap();
        t.call_checkout(request).await.assert_failure(400, "invalid_request");
    }
}

#[tokio::test]
async fn a_body_above_64_kib_is_refused() {
    let t = TestApp::start().await;
    let body = json!({ "orgId": t.org, "planCode": "x".repeat(64 * 1024), "interval": "month" });
    t.checkout(users::OWNER, &body).await.assert_failure(413, "payload_too_large");
}

#[tokio::test]
async fn when_stripe_refuses_is_down_or_throttles_the_answer_says_which() {
    let t = TestApp::start().await;
    let fault = |status, times| Fault {
        path_prefix: "/v1/checkout/sessions".to_owned(),
        status,
        times,
        ..Fault::default()
    };
    t.stripe.fail(fault(402, 1));
    t.checkout_plan("pro", "month").await.assert_failure(502, "stripe_error");
    t.stripe.fail(Fault { retry_after: Some(30), ..fault(429, 1) });
    let throttled = t.checkout_plan("pro", "month").await;
    throttled.assert_failure(503, "stripe_throttled");
    assert_eq!(throttled.header("retry-after"), Some("30"));
    t.stripe.stop().await;
    t.checkout_plan("pro", "month").await.assert_failure(502, "stripe_error");
}

#[tokio::test]
async fn products_that_were_never_set_up_are_ours_to_mend() {
    let t = TestApp::start().await;
    for price in
        t.stripe.call("GET", "/v1/prices", &json!({ "limit": 100 })).unwrap()["data"].as_array().unwrap()
    {
        t.stripe
            .call(
                "POST",
                &format!("/v1/prices/{}", price["id"].as_str().unwrap()),
                &json!({ "active": false }),
            )
            .unwrap();
    }
    t.checkout_plan("pro", "month").await.assert_failure(500, "internal");
}

#[tokio::test]
async fn without_a_database_the_answer_is_to_come_back() {
    let t = TestApp::start_with(&[("DATABASE_URL", "postgres://billing_reader@127.0.0.1:1/none")]).await;
    let answer = t.checkout_plan("pro", "month").await;
    answer.assert_failure(503, "database_unavailable");
    assert!(answer.header("retry-after").is_some());
}

#[tokio::test]
async fn without_a_key_or_a_base_url_nothing_is_begun() {
    for variable in ["STRIPE_SECRET_KEY", "BASE_URL"] {
        let t = TestApp::start_with(&[(variable, "")]).await;
        t.checkout_plan("pro", "month").await.assert_failure(500, "internal");
    }
}
