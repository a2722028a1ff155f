//! POST /api/billing/checkout.

use futures_util::future::join_all;
use serde_json::{Value, json};
use stripe_emulator::{Fault, RecordedRequest};
use tests::{TestApp, users};

fn calls(t: &TestApp, method: &str, path: &str) -> Vec<RecordedRequest> {
    t.stripe.requests().into_iter().filter(|call| call.method == method && call.path == path).collect()
}

pub(super) fn open_sessions(t: &TestApp) -> Vec<Value> {
    let list =
        t.stripe.call("GET", "/v1/checkout/sessions", &json!({ "status": "open", "limit": 100 })).unwrap();
    list["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn an_owner_or_admin_gets_a_page_to_pay_on() {
    let t = TestApp::start().await;
    for (user, plan, interval, cents) in [
        (users::OWNER, "pro", "month", 4900),
        (users::ADMIN, "enterprise", "year", 299_000),
        (users::OWNER, "pilot", "month", 0),
    ] {
        let answer =
            t.checkout(user, &json!({ "orgId": t.org, "planCode": plan, "interval": interval })).await;
        let id = answer.text("/sessionId").to_owned();
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(
            answer.body,
            json!({ "success": true, "sessionId": id, "url": format!("{}/c/pay/{id}", t.stripe.url()),
                "planCode": plan, "interval": interval, "orgId": t.org,
                "seats": if plan == "enterprise" { 5 } else { 1 } })
        );
        let session = t.stripe.call("GET", &format!("/v1/checkout/sessions/{id}"), &json!({})).unwrap();
        assert_eq!(
            (&session["amount_total"], &session["mode"], &session["client_reference_id"]),
            (&json!(cents), &json!("subscription"), &json!(t.org))
        );
        let price = &session["metadata"]["price_id"];
        assert!(price.as_str().is_some_and(|price| price.starts_with("price_")), "{session}");
        assert_eq!(
            session["metadata"],
            json!({ "org_id": t.org, "plan_code": plan, "interval": interval, "user_id": user,
                "price_id": price })
        );
        assert_eq!(session["allow_promotion_codes"], true);
    }
    assert_eq!(calls(&t, "POST", "/v1/customers").len(), 1, "one customer for the organization");
}

#[tokio::test]
async fn the_subscription_carries_what_the_session_said() {
    let t = TestApp::start().await;
    let id = t.buy("enterprise", "month").await;
    let subscription = t.stripe.subscription(&id).unwrap();
    let expected =
        json!({ "org_id": t.org, "plan_code": "enterprise", "interval": "month", "user_id": users::OWNER });
    assert_eq!(subscription["metadata"], expected);
}

#[tokio::test]
async fn the_callers_email_is_told_to_stripe_and_stored_nowhere() {
    let t = TestApp::start().await;
    let request = lambda_http::http::Request::builder()
        .method("POST")
        .uri("/api/billing/checkout")
        .header("x-user-id", users::OWNER)
        .header("x-user-email", "payer@acme.example")
        .body(json!({ "orgId": t.org, "planCode": "pro", "interval": "month" }).to_string().into())
        .unwrap();
    assert_eq!(t.call_checkout(request).await.status, 200);
    let id = t.value("select stripe_customer_id from customers").await;
    let customer = t.stripe.call("GET", &format!("/v1/customers/{id}"), &json!({})).unwrap();
    assert_eq!(
        (&customer["email"], &customer["metadata"]["org_id"]),
        (&json!("payer@acme.example"), &json!(t.org))
    );
    assert_eq!(t.value("select count(*) from customers c where c::text like '%@%'").await, "0");
}

#[tokio::test]
async fn first_checkouts_at_the_same_time_make_one_customer() {
    let t = TestApp::start().await;
    let answers = join_all([users::OWNER, users::ADMIN, users::OWNER, users::ADMIN].map(|user| {
        let body = json!({ "orgId": t.org, "planCode": "pro", "interval": "month" });
        let t = &t;
        async move { t.checkout(user, &body).await }
    }))
    .await;
    for answer in &answers {
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    let customers = t.stripe.call("GET", "/v1/customers", &json!({ "limit": 100 })).unwrap();
    assert_eq!(customers["data"].as_array().unwrap().len(), 1);
    assert_eq!(t.value("select count(*) from customers").await, "1");
    assert_eq!(open_sessions(&t).len(), 1, "two open tabs cannot buy twice");
}

#[tokio::test]
async fn a_double_click_gets_the_same_session() {
    let t = TestApp::start().await;
    let (first, second) =
        futures_util::join!(t.checkout_plan("pro", "month"), t.checkout_plan("pro", "month"));
    let third = t.checkout_plan("pro", "month").await;
    assert_eq!((first.status, second.status), (200, 200), "{} {}", first.body, second.body);
    assert_eq!(first.text("/sessionId"), second.text("/sessionId"));
    assert_eq!(first.text("/sessionId"), third.text("/sessionId"));
    assert_eq!(open_sessions(&t).len(), 1);
}

#[tokio::test]
async fn a_later_click_gets_a_new_session_and_the_earlier_one_expires() {
    let t = TestApp::start().await;
    t.stripe.set_now(t.now() - 120);
    let first = t.checkout_plan("pro", "month").await;
    t.stripe.set_now(t.now());
    let second = t.checkout_plan("pro", "month").await;
    assert_ne!(first.text("/sessionId"), second.text("/sessionId"));
    let open = open_sessions(&t);
    assert_eq!(open.iter().map(|session| &session["id"]).collect::<Vec<_>>(), [&second.body["sessionId"]]);
}

#[tokio::test]
async fn another_plan_expires_the_session_of_the_first() {
    let t = TestApp::start().await;
    t.stripe.set_now(t.now() - 5);
    let pro = t.checkout_plan("pro", "month").await;
    t.stripe.set_now(t.now());
    let enterprise = t.checkout_plan("enterprise", "month").await;
    assert_eq!((pro.status, enterprise.status), (200, 200));
    assert_eq!(open_sessions(&t).len(), 1);
    assert!(t.stripe.pay_checkout_session(pro.text("/sessionId")).is_err());
}

#[tokio::test]
async fn a_customer_deleted_in_stripes_dashboard_is_replaced() {
    let t = TestApp::start().await;
    t.checkout_plan("pro", "month").await;
    let old = t.value("select stripe_customer_id from customers").await;
    t.stripe.call("DELETE", &format!("/v1/customers/{old}"), &json!({})).unwrap();
    t.stripe.advance(120);
    let answers = join_all((0..3).map(|_| t.checkout_plan("pro", "year"))).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{}", answers[0].body);
    let new = t.value("select stripe_customer_id from customers").await;
    assert_ne!(old, new);
    assert_eq!(
        calls(&t, "POST", "/v1/customers")
            .iter()
            .filter(|call| call.status == 200)
            .map(|call| &call.idempotency_key)
            .collect::<std::collections::BTreeSet<_>>()
            .len(),
        2
    );
}

#[tokio::test]
async fn an_organization_has_one_trial_ever() {
    let t = TestApp::start_with(&[("TRIAL_DAYS", "14")]).await;
    let subscription = t.buy("pro", "month").await;
    let answer = t.entitlements(users::OWNER, &t.org).await;
    assert_eq!((answer.text("/planCode"), answer.text("/status")), ("pro", "trialing"));
    t.stripe.cancel_now(&subscription).unwrap();
    t.deliver_all().await;
    t.stripe.advance(120);
    let second = t.buy("pro", "month").await;
    assert_eq!(t.stripe.subscription(&second).unwrap()["status"], "active");
}

#[tokio::test]
async fn automatic_tax_asks_for_address_name_and_tax_id_and_nothing_does_without_it() {
    let t = TestApp::start_with(&[("AUTOMATIC_TAX", "true")]).await;
    let answer = t.checkout_plan("pro", "month").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let params = calls(&t, "POST", "/v1/checkout/sessions").remove(0).params;
    assert_eq!(params["automatic_tax"]["enabled"], "true");
    assert_eq!(params["tax_id_collection"]["enabled"], "true");
    assert_eq!(params["customer_update"], json!({ "address": "auto", "name": "auto" }));

    let t = TestApp::start().await;
    assert_eq!(t.checkout_plan("pro", "month").await.status, 200);
    let params = calls(&t, "POST", "/v1/checkout/sessions").remove(0).params;
    for name in ["automatic_tax", "tax_id_collection", "customer_update"] {
        assert_eq!(params.get(name), None, "{name}");
    }
}

#[tokio::test]
async fn an_answer_that_gets_lost_makes_no_second_session_and_no_second_customer() {
    let t = TestApp::start().await;
    // The work is done and the connection dropped: the next attempt carries the same idempotency key.
    t.stripe.fail(Fault {
        method: Some("POST".to_owned()),
        path_prefix: "/v1/customers".to_owned(),
        status: 0,
        ..Fault::default()
    });
    t.stripe.fail(Fault {
        method: Some("POST".to_owned()),
        path_prefix: "/v1/checkout/sessions".to_owned(),
        status: 0,
        ..Fault::default()
    });
    assert_eq!(t.checkout_plan("pro", "month").await.status, 200);
    for path in ["/v1/customers", "/v1/checkout/sessions"] {
        let attempts = calls(&t, "POST", path);
        assert_eq!(attempts.len(), 2, "{path}");
        assert!(
            attempts[0].idempotency_key.is_some()
                && attempts[0].idempotency_key == attempts[1].idempotency_key
        );
    }
    let customers = t.stripe.call("GET", "/v1/customers", &json!({})).unwrap();
    assert_eq!((customers["data"].as_array().unwrap().len(), open_sessions(&t).len()), (1, 1));
}

#[tokio::test]
async fn an_address_that_stripe_does_not_take_is_no_reason_not_to_sell() {
    let t = TestApp::start().await;
    t.stripe.fail(Fault {
        method: Some("POST".to_owned()),
        path_prefix: "/v1/customers/".to_owned(),
        status: 400,
        ..Fault::default()
    });
    let request = lambda_http::http::Request::builder()
        .method("POST")
        .uri("/api/billing/checkout")
        .header("x-user-id", users::OWNER)
        .header("x-user-email", "odd@b")
        .body(json!({ "orgId": t.org, "planCode": "pro", "interval": "month" }).to_string().into())
        .unwrap();
    assert_eq!(t.call_checkout(request).await.status, 200);
    assert_eq!(t.value("select count(*) from customers").await, "1");
}
