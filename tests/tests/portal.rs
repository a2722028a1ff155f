//! POST /api/billing/portal.

use cli::commands::portal_configuration;
use lambda_http::http::{Method, Request};
use serde_json::{Value, json};
use stripe_emulator::Fault;
use tests::{TestApp, users};

#[tokio::test]
async fn owner_and_admin_get_a_page_that_leads_back() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    for (user, wanted, expected) in [
        (users::OWNER, None, "https://app.example.com/"),
        (
            users::ADMIN,
            Some("https://app.example.com/settings?tab=billing"),
            "https://app.example.com/settings?tab=billing",
        ),
        (users::OWNER, Some("https://admin.example.com/"), "https://admin.example.com/"),
    ] {
        let body = match wanted {
            Some(url) => json!({ "orgId": t.org, "returnUrl": url }),
            None => json!({ "orgId": t.org }),
        };
        let answer = t.portal(user, &body).await;
        assert_eq!((answer.status, answer.text("/orgId")), (200, t.org.as_str()), "{}", answer.body);
        assert!(answer.text("/url").starts_with(&t.stripe.url()));
        let call = t
            .stripe
            .requests()
            .into_iter()
            .rev()
            .find(|call| call.path == "/v1/billing_portal/sessions")
            .unwrap();
        assert!(format!("{:?}", call.params).contains(expected), "{:?}", call.params);
    }
}

#[tokio::test]
async fn a_downgrade_in_the_portal_keeps_the_plan_until_the_periods_end() {
    let t = TestApp::start().await;
    portal_configuration::run(portal_configuration::Args { dry_run: false }, &t.operator()).await.unwrap();
    let subscription = t.buy("enterprise", "month").await;
    let page = t.portal(users::OWNER, &json!({ "orgId": t.org })).await;
    let pro = json!({ "lookup_keys": ["promptforge_pro_month"] });
    let pro = t.stripe.call("GET", "/v1/prices", &pro).unwrap()["data"][0]["id"].clone();
    let form = [("act", "change"), ("price", pro.as_str().unwrap())];
    let url = format!("{}/{subscription}", page.text("/url"));
    let answer = reqwest::Client::new().post(url).form(&form).send().await.unwrap().text().await.unwrap();
    assert!(answer.contains("Your plan will change to PromptForge Pro on "), "{answer}");

    let planned = t.last_event("subscription_schedule.created");
    assert_eq!(t.deliver(&planned).await.text("/outcome"), "ignored");
    let update = t.last_event("customer.subscription.updated");
    assert_eq!(update["data"]["object"]["schedule"], planned["data"]["object"]["id"]);
    t.deliver_all().await;
    let before = t.entitlements(users::OWNER, &t.org).await;
    assert_eq!(before.text("/planCode"), "enterprise");

    t.stripe.advance(31 * 86_400);
    t.deliver_all().await;
    let after = t.entitlements(users::OWNER, &t.org).await;
    assert_eq!((after.text("/planCode"), after.text("/status")), ("pro", "active"));
    let features = |answer: &Value| [answer["entitlements"]["hasAPI"].clone(), answer["seats"].clone()];
    assert_eq!(
        [features(&before.body), features(&after.body)],
        [[json!(true), json!(5)], [json!(false), json!(1)]]
    );
}

#[tokio::test]
async fn a_return_url_elsewhere_is_refused() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    for url in [
        "https://evil.example/",
        "javascript:alert(1)",
        "/relative",
        "https://app.example.com@evil.example",
        "",
    ] {
        t.portal(users::OWNER, &json!({ "orgId": t.org, "returnUrl": url }))
            .await
            .assert_failure(400, "invalid_return_url");
    }
}

#[tokio::test]
async fn before_the_first_checkout_there_is_no_customer() {
    let t = TestApp::start().await;
    t.portal(users::OWNER, &json!({ "orgId": t.org })).await.assert_failure(404, "no_customer");
}

#[tokio::test]
async fn a_customer_deleted_at_stripe_is_no_customer() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    let customer = t.value("select stripe_customer_id from customers").await;
    t.stripe.call("DELETE", &format!("/v1/customers/{customer}"), &json!({})).unwrap();
    t.portal(users::OWNER, &json!({ "orgId": t.org })).await.assert_failure(404, "no_customer");
}

#[tokio::test]
async fn who_may_not_is_told_so() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    t.portal(users::MEMBER, &json!({ "orgId": t.org })).await.assert_failure(403, "not_a_billing_admin");
    t.portal(users::OUTSIDER, &json!({ "orgId": t.org })).await.assert_failure(403, "not_a_member");
    t.portal("test", &json!({ "orgId": t.org })).await.assert_failure(401, "unauthenticated");
}

#[tokio::test]
async fn a_malformed_request_names_its_field() {
    let t = TestApp::start().await;
    t.portal(users::OWNER, &json!({ "orgId": "test" })).await.assert_failure(400, "invalid_org_id");
    for (body, field) in [
        (json!({}), "orgId"),
        (json!({ "orgId": t.org, "returnUrl": 5 }), "returnUrl"),
        (json!({ "orgId": t.org, "customer": "cus_1" }), "customer"),
    ] {
        let answer = t.portal(users::OWNER, &body).await;
        answer.assert_failure(400, "invalid_request");
        assert!(answer.text("/error").contains(field), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_body_above_64_kib_is_refused() {
    let t = TestApp::start().await;
    let body =
        format!(r#"{{"orgId":"{}","returnUrl":"https://app.example.com/{}"}}"#, t.org, "x".repeat(64 * 1024));
    let request = Request::builder()
        .method(Method::POST)
        .uri("/api/billing/portal")
        .header("x-user-id", users::OWNER)
        .body(body.into())
        .unwrap();
    t.call_portal(request).await.assert_failure(413, "payload_too_large");
}

#[tokio::test]
async fn when_stripe_refuses_or_throttles_the_answer_says_which() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    let fault = |status, times| Fault {
        method: None,
        path_prefix: "/v1/billing_portal".to_owned(),
        status,
        body: None,
        retry_after: None,
        times,
        delay_ms: 0,
    };
    t.stripe.fail(fault(400, 1));
    t.portal(users::OWNER, &json!({ "orgId": t.org })).await.assert_failure(502, "stripe_error");
    t.stripe.fail(Fault { retry_after: Some(60), ..fault(429, 1) });
    let throttled = t.portal(users::OWNER, &json!({ "orgId": t.org })).await;
    throttled.assert_failure(503, "stripe_throttled");
    assert_eq!(throttled.header("retry-after"), Some("60"));
    t.stripe.fail(fault(500, 2));
    assert_eq!(
        t.portal(users::OWNER, &json!({ "orgId": t.org })).await.status,
        200,
        "two failures are tried again"
    );
}
