//! POST /api/billing/checkout: how many seats, where Stripe leads back, and where an organization that pays
//! already is sent.

use cli::commands::portal_configuration;
use serde_json::{Value, json};
use tests::{Answer, TestApp, users};

async fn order(t: &TestApp, plan: &str, more: Value) -> Answer {
    let mut order = json!({ "orgId": t.org, "planCode": plan, "interval": "month" });
    order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    t.checkout(users::OWNER, &order).await
}

fn session(t: &TestApp, answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let path = format!("/v1/checkout/sessions/{}", answer.text("/sessionId"));
    t.stripe.call("GET", &path, &json!({})).unwrap()
}

#[tokio::test]
async fn seats_are_bought_in_whole_plans_and_the_answer_says_how_many() {
    let t = TestApp::start().await;
    for (seats, sold, cents) in [(json!(12), 15, 3 * 29_900), (json!(5), 5, 29_900), (json!(null), 5, 29_900)]
    {
        let answer = order(&t, "enterprise", json!({ "seats": seats })).await;
        assert_eq!(session(&t, &answer)["amount_total"], cents);
        assert_eq!(answer.body["seats"], sold);
    }
    let twelve = order(&t, "enterprise", json!({ "seats": 12 })).await;
    t.stripe.pay_checkout_session(twelve.text("/sessionId")).unwrap();
    t.deliver_all().await;
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.body["seats"], 15);
    // It would be wrong after the first change in the portal.
    assert_eq!(t.stripe.subscriptions()[0]["metadata"].get("seats"), None);
}

#[tokio::test]
async fn more_seats_than_a_plan_is_sold_with_are_refused() {
    let t = TestApp::start().await;
    assert_eq!(order(&t, "pro", json!({ "seats": 1 })).await.status, 200);
    for (plan, seats) in [("pro", 2), ("pro", 0), ("enterprise", 0), ("enterprise", 5000), ("pilot", 9)] {
        order(&t, plan, json!({ "seats": seats })).await.assert_failure(400, "invalid_seats");
    }
    for seats in [json!(-1), json!(1.5), json!("2")] {
        let answer = order(&t, "enterprise", json!({ "seats": seats })).await;
        answer.assert_failure(400, "invalid_request");
        assert!(answer.text("/error").contains("seats"), "{}", answer.body);
    }
}

#[tokio::test]
async fn stripe_leads_back_to_the_addresses_of_the_order_with_its_organization() {
    let t = TestApp::start().await;
    let made = session(&t, &order(&t, "pro", json!({})).await);
    let page = |query: &str| format!("https://app.example.com/billing/{query}orgId={}", t.org);
    assert_eq!(made["success_url"], page("success?session_id={CHECKOUT_SESSION_ID}&"));
    assert_eq!(made["cancel_url"], page("canceled?"));
    let to = json!({ "successUrl": "https://admin.example.com/done?from=x#/billing",
        "cancelUrl": "https://app.example.com/pricing?orgId=mine" });
    let made = session(&t, &order(&t, "pro", to).await);
    let expected = format!(
        "https://admin.example.com/done?from=x&session_id={{CHECKOUT_SESSION_ID}}&orgId={}#/billing",
        t.org
    );
    assert_eq!(made["success_url"], expected);
    assert_eq!(made["cancel_url"], "https://app.example.com/pricing?orgId=mine");
    let to = json!({ "successUrl": "https://app.example.com/done/{CHECKOUT_SESSION_ID}?session_id=" });
    let made = session(&t, &order(&t, "pro", to).await);
    let expected =
        format!("https://app.example.com/done/{{CHECKOUT_SESSION_ID}}?session_id=&orgId={}", t.org);
    assert_eq!(made["success_url"], expected);
    for field in ["successUrl", "cancelUrl"] {
        for elsewhere in ["https://evil.example/", "/relative", ""] {
            order(&t, "pro", json!({ field: elsewhere })).await.assert_failure(400, "invalid_return_url");
        }
    }
}

#[tokio::test]
async fn a_second_click_that_leads_elsewhere_or_buys_another_number_gets_a_session_of_its_own() {
    let t = TestApp::start().await;
    let first = order(&t, "enterprise", json!({})).await;
    let same = order(&t, "enterprise", json!({})).await;
    assert_eq!(first.text("/sessionId"), same.text("/sessionId"));
    let more = order(&t, "enterprise", json!({ "seats": 10 })).await;
    let elsewhere =
        order(&t, "enterprise", json!({ "seats": 10, "cancelUrl": "https://app.example.com/x" })).await;
    assert_ne!(more.text("/sessionId"), first.text("/sessionId"));
    assert_ne!(more.text("/sessionId"), elsewhere.text("/sessionId"));
    assert_eq!(session(&t, &elsewhere)["amount_total"], 2 * 29_900);
}

#[tokio::test]
async fn who_pays_already_is_sent_to_the_page_that_confirms_the_change() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    let to = json!({ "seats": 10, "successUrl": "https://app.example.com/done",
        "cancelUrl": "https://app.example.com/pricing" });
    // A portal that sells no other plan still has its first page.
    let refused = order(&t, "enterprise", to.clone()).await;
    refused.assert_failure(409, "already_subscribed");
    let shown = reqwest::get(refused.text("/portalUrl")).await.unwrap().text().await.unwrap();
    assert!(shown.contains("<h1>Billing</h1>"), "{shown}");

    portal_configuration::run(portal_configuration::Args { dry_run: false }, &t.operator()).await.unwrap();
    let refused = order(&t, "enterprise", to).await;
    refused.assert_failure(409, "already_subscribed");
    let shown = reqwest::get(refused.text("/portalUrl")).await.unwrap().text().await.unwrap();
    assert!(shown.contains("PromptForge Enterprise, 2 × $299.00"), "{shown}");
    let opened =
        t.stripe.requests().into_iter().rev().find(|call| call.path == "/v1/billing_portal/sessions");
    let params = opened.unwrap().params;
    assert_eq!(params["return_url"], format!("https://app.example.com/pricing?orgId={}", t.org));
    assert_eq!(
        params["flow_data"]["after_completion"]["redirect"]["return_url"],
        format!("https://app.example.com/done?orgId={}", t.org)
    );
}

#[tokio::test]
async fn without_stripes_word_the_answer_has_no_page_and_is_the_same_otherwise() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    t.stripe.fail(stripe_emulator::Fault {
        path_prefix: "/v1/billing_portal".to_owned(),
        status: 500,
        times: 9,
        ..Default::default()
    });
    let refused = order(&t, "enterprise", json!({})).await;
    refused.assert_failure(409, "already_subscribed");
    assert_eq!(refused.body.get("portalUrl"), None);
}
