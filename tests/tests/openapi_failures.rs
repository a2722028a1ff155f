//! Each failure that openapi.json documents can happen.

use std::collections::BTreeSet;

use lambda_http::Body;
use lambda_http::http::Request as HttpRequest;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::config::Function;
use shared::serve::answer_live;
use stripe_emulator::Fault;
use tests::auth::{Behaviour, TestAuth, peoples};
use tests::openapi::table;
use tests::{Answer, TestApp, Vault, event, users};

/// What a request came to: function and code.
type Seen = BTreeSet<(String, String)>;

/// Asks one of the functions that people call, and notes the code of the failure.
async fn ask(seen: &mut Seen, t: &TestApp, function: &str, user: &str, body: &Value) -> Answer {
    let answer = match function {
        "checkout" => t.checkout(user, body).await,
        "portal" => t.portal(user, body).await,
        "sync" => t.sync(user, body).await,
        "ofrep" => t.evaluate(user, None, &json!({ "context": { "targetingKey": body["orgId"] } })).await,
        "plans" => t.plans(user, body["orgId"].as_str()).await,
        _ => match body["orgId"].as_str() {
            Some(org) => t.entitlements(user, org).await,
            None => {
                let request = HttpRequest::builder().uri("/api/entitlements").header("x-user-id", user);
                t.call_entitlements(request.body(Body::Empty).unwrap()).await
            }
        },
    };
    note(seen, function, &answer);
    answer
}

fn note(seen: &mut Seen, function: &str, answer: &Answer) {
    if answer.status >= 400 {
        seen.insert((function.to_owned(), answer.text("/code").to_owned()));
    }
}

fn order(t: &TestApp, function: &str) -> Value {
    match function {
        "checkout" => json!({ "orgId": t.org, "planCode": "pro", "interval": "month" }),
        _ => json!({ "orgId": t.org }),
    }
}

/// Failures of the caller, before and after something was bought.
async fn by_the_caller(seen: &mut Seen) {
    let t = TestApp::start().await;
    for function in peoples() {
        let good = order(&t, function);
        for user in ["", users::OUTSIDER, users::MEMBER] {
            ask(seen, &t, function, user, &good).await;
        }
        let mut bad = good.clone();
        bad["orgId"] = json!("test");
        ask(seen, &t, function, users::OWNER, &bad).await;
        ask(seen, &t, function, users::OWNER, &json!({})).await;
        if function != "entitlements" {
            let mut large = good;
            large["orgId"] = json!("x".repeat(64 * 1024));
            ask(seen, &t, function, users::OWNER, &large).await;
        }
    }
    for (user, org) in
        [("", t.org.as_str()), (users::OUTSIDER, &t.org), (users::OWNER, "test"), (users::OWNER, "a&orgId=b")]
    {
        ask(seen, &t, "plans", user, &json!({ "orgId": org })).await;
    }
    ask(seen, &t, "ofrep", users::OWNER, &json!({ "orgId": "" })).await;
    note(seen, "ofrep", &t.evaluate(users::OWNER, None, &json!([])).await);
    note(seen, "ofrep", &t.flag(users::OWNER, &t.org, "hasWings").await);
    for (field, word) in [("planCode", "gold"), ("interval", "week")] {
        let mut unsold = order(&t, "checkout");
        unsold[field] = json!(word);
        ask(seen, &t, "checkout", users::OWNER, &unsold).await;
    }
    for (function, field) in [("portal", "returnUrl"), ("checkout", "successUrl")] {
        let mut elsewhere = order(&t, function);
        elsewhere[field] = json!("https://evil.example");
        ask(seen, &t, function, users::OWNER, &elsewhere).await;
    }
    ask(seen, &t, "portal", users::OWNER, &order(&t, "portal")).await;
    t.buy("pro", "month").await;
    for (plan, interval, seats) in
        [("gold", "year", 1), ("pro", "week", 1), ("pro", "year", 2), ("pro", "month", 1)]
    {
        let flow = json!({ "type": "update", "planCode": plan, "interval": interval, "seats": seats });
        ask(seen, &t, "portal", users::OWNER, &json!({ "orgId": t.org, "flow": flow })).await;
    }
    let mut many = order(&t, "checkout");
    many["seats"] = json!(2);
    ask(seen, &t, "checkout", users::OWNER, &many).await;
    ask(seen, &t, "checkout", users::OWNER, &order(&t, "checkout")).await;
}

/// Failures of Stripe.
async fn by_stripe(seen: &mut Seen) {
    let t = TestApp::start().await;
    for (function, path_prefix) in [
        ("checkout", "/v1/checkout/sessions"),
        ("portal", "/v1/billing_portal"),
        ("sync", "/v1/subscriptions"),
    ] {
        if function == "portal" {
            let subscription = t.buy("pro", "month").await;
            // Its customer pays for another organization too, for a moment.
            let other = format!(
                "insert into subscriptions select (jsonb_populate_record(s, jsonb_build_object(
                   'stripe_subscription_id', 'sub_other', 'org_id', '{}'))).* from subscriptions s
                 where s.stripe_subscription_id = '{subscription}'",
                t.other_org
            );
            t.db.batch_execute(&other).await.unwrap();
            ask(seen, &t, function, users::OWNER, &order(&t, function)).await;
            t.db.batch_execute("delete from subscriptions where stripe_subscription_id = 'sub_other'")
                .await
                .unwrap();
        }
        for status in [402, 429] {
            // Else sync would not ask Stripe again so soon.
            t.db.batch_execute("delete from billing_private.syncs").await.unwrap();
            t.stripe.fail(Fault {
                path_prefix: path_prefix.into(),
                status,
                retry_after: Some(60),
                ..Fault::default()
            });
            ask(seen, &t, function, users::OWNER, &order(&t, function)).await;
        }
    }
}

/// Failures of ours.
async fn by_us(seen: &mut Seen) {
    for database in ["", "postgres://billing_reader@127.0.0.1:1/none"] {
        let t = TestApp::start_with(&[("DATABASE_URL", database)]).await;
        for function in peoples() {
            ask(seen, &t, function, users::OWNER, &order(&t, function)).await;
        }
        ask(seen, &t, "plans", "", &json!({})).await;
        let paid = json!({ "id": "evt_1", "type": "invoice.paid", "created": t.now(),
            "data": { "object": { "customer": "cus_1", "subscription": "sub_1" } } });
        note(seen, "webhook", &t.deliver(&paid).await);
        note(seen, "health", &t.health().await);
    }
    let vault = Vault::open(&json!({})).await;
    vault.set_down(true);
    let live = vault.live(Function::Webhook, &[], Clock::System).await;
    let request = HttpRequest::builder().method("POST").uri("/").body(Body::from("{}")).unwrap();
    note(seen, "webhook", &Answer::of("webhook", answer_live(&live, webhook::handle, request).await));
}

/// One person, with a header of another.
async fn by_another(seen: &mut Seen) {
    let t = TestApp::start_with(&[("IDENTITY_SOURCE", "authorizer")]).await;
    let context = json!({ "userId": users::OWNER });
    let headers = [("x-user-id", users::OUTSIDER)];
    for function in peoples().chain(["plans"]) {
        let body = order(&t, function);
        let post = || event("POST", "/api/billing", &headers, Some(&body), &context);
        let answer = match function {
            "checkout" => t.call_checkout(post()).await,
            "portal" => t.call_portal(post()).await,
            "sync" => t.call_sync(post()).await,
            "ofrep" => t.call_ofrep(post()).await,
            "plans" => {
                let path = format!("/api/billing/plans?orgId={}", t.org);
                t.call_plans(event("GET", &path, &headers, None, &context)).await
            }
            _ => t.call_entitlements(event("GET", "/api/entitlements", &headers, None, &context)).await,
        };
        note(seen, function, &answer);
    }
}

/// While Supabase does not answer.
async fn by_supabase(seen: &mut Seen) {
    let t = TestAuth::start().await;
    t.server.behave(Behaviour::Broken);
    let token = format!("Bearer {}", t.token(&t.claims()));
    for function in peoples().chain(["plans"]) {
        note(seen, function, &t.ask(function, Some(&token)).await);
    }
}

async fn by_events(seen: &mut Seen) {
    let t = TestApp::start().await;
    let homeless = json!({ "id": "evt_1", "type": "customer.subscription.updated", "created": t.now(),
        "livemode": false,
        "data": { "object": { "id": "sub_1", "customer": "cus_1", "status": "active",
            "items": { "data": [] } } } });
    for answer in [
        t.webhook("test", Body::Empty).await,
        t.webhook("test", Body::from("x".repeat(1024 * 1024 + 1))).await,
        t.deliver(&json!({})).await,
        t.deliver(&homeless).await,
    ] {
        note(seen, "webhook", &answer);
    }
}

/// That no other failure happens is checked with every answer of every test (`Answer`).
#[tokio::test]
async fn every_documented_failure_can_happen() {
    let mut seen = Seen::new();
    by_the_caller(&mut seen).await;
    by_stripe(&mut seen).await;
    by_us(&mut seen).await;
    by_another(&mut seen).await;
    by_supabase(&mut seen).await;
    by_events(&mut seen).await;
    // Its 503 is an answer of its own kind.
    seen.retain(|(function, _)| function != "health");
    let rows = table().into_iter();
    let documented: Seen = rows
        .flat_map(|(code, functions)| {
            functions.into_iter().map(move |function| (function.to_owned(), code.to_owned()))
        })
        .collect();
    let unseen: Vec<_> = documented.difference(&seen).collect();
    assert!(unseen.is_empty(), "documented and never answered: {unseen:?}");
    let undocumented: Vec<_> = seen.difference(&documented).collect();
    assert!(undocumented.is_empty(), "answered and not documented: {undocumented:?}");
}
