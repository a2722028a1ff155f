//! POST /api/billing/portal with a `flow`: Stripe's page for one thing.

use cli::commands::portal_configuration;
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use tests::{Answer, TestApp, users};

const BACK: &str = "https://app.example.com/settings";

/// An organization that bought a plan, and a portal that changes it.
async fn bought(plan: &str) -> TestApp {
    let t = TestApp::start().await;
    portal_configuration::run(portal_configuration::Args { dry_run: false }, &t.operator()).await.unwrap();
    t.buy(plan, "month").await;
    t
}

async fn open(t: &TestApp, flow: Value) -> Answer {
    t.portal(users::OWNER, &json!({ "orgId": t.org, "returnUrl": BACK, "flow": flow })).await
}

fn update(plan: &str, interval: &str) -> Value {
    json!({ "type": "update", "planCode": plan, "interval": interval })
}

/// Looks at the page and sends its one form. Returns what the page said, without its markup's line breaks,
/// and where it led.
async fn confirm(page: &Answer, form: &[(&str, &str)]) -> (String, String) {
    assert_eq!(page.status, 200, "{}", page.body);
    let url = page.text("/url");
    let http = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    let shown = http.get(url).send().await.unwrap().text().await.unwrap();
    let answer = http.post(format!("{url}/flow")).form(form).send().await.unwrap();
    let led = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
    (shown.replace('\n', " "), led.unwrap_or_else(|| answer.status().to_string()))
}

fn items(t: &TestApp) -> (Value, Value) {
    let subscription = t.stripe.subscriptions().pop().unwrap();
    let item = &subscription["items"]["data"][0];
    (item["price"]["lookup_key"].clone(), item["quantity"].clone())
}

#[tokio::test]
async fn an_upgrade_is_confirmed_on_one_page_which_says_what_it_costs_and_leads_back() {
    let t = bought("pro").await;
    let page = open(&t, update("enterprise", "month")).await;
    let (shown, led) = confirm(&page, &[]).await;
    for part in ["Confirm your change", "PromptForge Pro, 1 × $49.00", "PromptForge Enterprise, 1 × $299.00"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(shown.contains("<dt>Due today</dt><dd>$2"), "the difference: {shown}");
    assert_eq!(led, BACK);
    t.deliver_all().await;
    let now = t.entitlements(users::OWNER, &t.org).await;
    assert_eq!((now.text("/planCode"), &now.body["seats"]), ("enterprise", &json!(5)));
    // What was confirmed is not confirmed again: the session shows the portal's first page.
    let (shown, led) = confirm(&page, &[]).await;
    assert!(shown.contains("<h1>Billing</h1>") && led.starts_with("403"), "{led} {shown}");
}

#[tokio::test]
async fn seats_become_as_many_of_the_plan_as_hold_them_and_stay_where_nobody_names_any() {
    let t = bought("enterprise").await;
    let mut seats = update("enterprise", "month");
    seats["seats"] = json!(12);
    confirm(&open(&t, seats).await, &[]).await;
    assert_eq!(items(&t), (json!("promptforge_enterprise_month"), json!(3)));
    confirm(&open(&t, update("enterprise", "year")).await, &[]).await;
    assert_eq!(items(&t), (json!("promptforge_enterprise_year"), json!(3)));
    t.deliver_all().await;
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.body["seats"], 15);
}

#[tokio::test]
async fn a_downgrade_of_several_seats_is_to_one_of_the_plan_and_waits() {
    let t = bought("enterprise").await;
    let id = t.stripe.subscriptions()[0]["id"].as_str().unwrap().to_owned();
    t.stripe.change_quantity(&id, 2).unwrap();
    let (shown, _) = confirm(&open(&t, update("pro", "month")).await, &[]).await;
    assert!(shown.contains("PromptForge Pro, 1 × $49.00") && shown.contains("<dd>$0.00</dd>"), "{shown}");
    assert_eq!(items(&t), (json!("promptforge_enterprise_month"), json!(2)));
    t.stripe.advance(31 * 86_400);
    assert_eq!(items(&t), (json!("promptforge_pro_month"), json!(1)));
}

#[tokio::test]
async fn who_pays_in_another_currency_goes_on_in_it() {
    let t = TestApp::start().await;
    let [monthly, yearly] = [("month", 4_500), ("year", 45_000)].map(|(interval, cents)| {
        let every = json!({ "interval": interval });
        t.deal_at_stripe(&json!({ "currency": "eur", "unit_amount": cents, "recurring": every }))
    });
    let sold = format!(
        "insert into prices (price_id, plan_code, listed, sold, billing_interval, currency, amount_cents)
         values ('{monthly}', 'pro', true, true, 'month', 'eur', 4500),
           ('{yearly}', 'pro', true, true, 'year', 'eur', 45000)"
    );
    t.db.batch_execute(&sold).await.unwrap();
    portal_configuration::run(portal_configuration::Args { dry_run: false }, &t.operator()).await.unwrap();
    let order = json!({ "orgId": t.org, "planCode": "pro", "interval": "month", "currency": "eur" });
    let session = t.checkout(users::OWNER, &order).await;
    t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
    t.deliver_all().await;
    let (_, led) = confirm(&open(&t, update("pro", "year")).await, &[]).await;
    assert_eq!(led, BACK);
    assert_eq!(t.stripe.subscriptions()[0]["items"]["data"][0]["price"]["id"], yearly);
    // And one that orders in dollars is led to the same.
    let dollars = json!({ "orgId": t.org, "planCode": "pro", "interval": "month", "currency": "usd" });
    t.checkout(users::OWNER, &dollars).await.assert_failure(409, "already_subscribed");
    let opened = t.stripe.requests().into_iter().rfind(|call| call.path == "/v1/billing_portal/sessions");
    let item = &opened.unwrap().params["flow_data"]["subscription_update_confirm"]["items"][0];
    assert_eq!(item["price"], monthly);
}

#[tokio::test]
async fn a_plan_is_canceled_on_one_page() {
    let t = bought("pro").await;
    let (shown, led) = confirm(&open(&t, json!({ "type": "cancel" })).await, &[]).await;
    assert!(shown.contains("<h1>Cancel your plan</h1>") && shown.contains("<dt>Paid until</dt>"), "{shown}");
    assert_eq!(led, BACK);
    t.deliver_all().await;
    assert!(t.entitlements(users::OWNER, &t.org).await.body["cancelAt"].is_string());
    let again = open(&t, json!({ "type": "cancel" })).await;
    again.assert_failure(409, "flow_unavailable");
}

#[tokio::test]
async fn another_card_pays_what_comes_next() {
    let t = bought("pro").await;
    let id = t.stripe.subscriptions()[0]["id"].as_str().unwrap().to_owned();
    let card = || open(&t, json!({ "type": "payment_method" }));
    assert_eq!(confirm(&card().await, &[("card", "declined")]).await.1, BACK);
    t.stripe.advance(31 * 86_400);
    assert_eq!(t.stripe.subscription(&id).unwrap()["status"], "past_due");
    let (shown, _) = confirm(&card().await, &[("card", "works")]).await;
    assert!(shown.contains("<h1>Change your card</h1>") && shown.contains("4242"), "{shown}");
    t.stripe.pay_open_invoice(&id).unwrap();
    assert_eq!(t.stripe.subscription(&id).unwrap()["status"], "active");
}

#[tokio::test]
async fn where_the_portal_has_no_such_page_the_answer_says_so() {
    let t = bought("pro").await;
    // Just what there is; and what the portal does not sell.
    for flow in [update("pro", "month"), update("pilot", "month")] {
        open(&t, flow).await.assert_failure(409, "flow_unavailable");
    }
    let id = t.stripe.subscriptions()[0]["id"].as_str().unwrap().to_owned();
    t.stripe.cancel_now(&id).unwrap();
    t.deliver_all().await;
    for flow in [update("enterprise", "month"), json!({ "type": "cancel" })] {
        open(&t, flow).await.assert_failure(409, "flow_unavailable");
    }
    assert_eq!(open(&t, json!({ "type": "payment_method" })).await.status, 200);
    assert_eq!(open(&t, Value::Null).await.status, 200, "the first page is always there");
}

#[tokio::test]
async fn of_a_subscription_that_stripe_does_not_know_there_is_no_such_page() {
    let t = bought("pro").await;
    t.db.batch_execute("update subscriptions set stripe_subscription_id = 'sub_nobody'").await.unwrap();
    for flow in [update("enterprise", "month"), json!({ "type": "cancel" })] {
        open(&t, flow).await.assert_failure(409, "flow_unavailable");
    }
    let order = json!({ "orgId": t.org, "planCode": "enterprise", "interval": "month" });
    let refused = t.checkout(users::OWNER, &order).await;
    refused.assert_failure(409, "already_subscribed");
    assert!(refused.body["portalUrl"].is_string(), "the portal's first page: {}", refused.body);
}

#[tokio::test]
async fn a_malformed_flow_is_refused_and_opens_nothing() {
    let t = bought("pro").await;
    for (flow, code, field) in [
        (json!({ "type": "update", "planCode": "gold", "interval": "month" }), "invalid_plan", "planCode"),
        (json!({ "type": "update", "planCode": "pro", "interval": "week" }), "invalid_interval", "interval"),
        (
            json!({ "type": "update", "planCode": "pilot", "interval": "year" }),
            "invalid_interval",
            "interval",
        ),
        (
            json!({ "type": "update", "planCode": "pro", "interval": "year", "seats": 2 }),
            "invalid_seats",
            "seats",
        ),
        (json!({ "type": "update", "planCode": "pro" }), "invalid_request", "interval"),
        (json!({ "type": "cancel", "planCode": "pro" }), "invalid_request", "planCode"),
        (json!({ "type": "renew" }), "invalid_request", "flow"),
        (json!({}), "invalid_request", "type"),
        (json!("cancel"), "invalid_request", "flow"),
    ] {
        let answer = open(&t, flow.clone()).await;
        answer.assert_failure(400, code);
        assert!(answer.text("/error").contains(field), "{flow}: {}", answer.body);
    }
    let opened = t.stripe.requests().into_iter().filter(|call| call.path == "/v1/billing_portal/sessions");
    assert_eq!(opened.count(), 0);
}
