//! openapi.json: it is what the types say, its examples are good, and each failure that it documents can
//! happen.

use std::collections::BTreeSet;
use std::fs;

use lambda_http::Body;
use lambda_http::http::Request as HttpRequest;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::config::Function;
use shared::serve::answer_live;
use stripe_emulator::Fault;
use tests::auth::peoples;
use tests::openapi::{FILE, document, documented, problems, table};
use tests::{Answer, TestApp, Vault, event, users};

#[test]
fn the_committed_file_is_what_the_types_say() {
    let file = tests::root().join(FILE);
    // As values: in which order the fields are printed depends on what else is built.
    let committed: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    assert!(committed == document(), "{FILE} is old: run `cargo openapi` and commit it");
}

/// Every `content` of the document, and where it is.
fn contents(at: String, value: &Value, found: &mut Vec<(String, Value)>) {
    for (name, part) in value.as_object().into_iter().flatten() {
        let at = format!("{at}/{name}");
        match name.as_str() {
            "content" => found.push((at, part["application/json"].clone())),
            _ => contents(at, part, found),
        }
    }
}

#[test]
fn every_request_and_answer_has_an_example_that_its_schema_takes() {
    let mut found = Vec::new();
    contents(String::new(), &document()["paths"], &mut found);
    assert!(found.len() > 25, "{}", found.len());
    for (at, content) in found {
        let examples = content["examples"].as_object().unwrap_or_else(|| panic!("{at} has no example"));
        assert!(!examples.is_empty(), "{at}");
        // Stripe's events hold more than we read.
        let strict = !at.contains("stripe/post/requestBody");
        for (name, example) in examples {
            assert_eq!(problems(&content["schema"], strict, &example["value"]), [""; 0], "{at} {name}");
        }
    }
}

#[test]
fn every_operation_has_what_a_generator_of_clients_needs() {
    let document = document();
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let (_, operation) = item.as_object().unwrap().iter().find(|(name, _)| *name != "servers").unwrap();
        for field in ["operationId", "summary", "description"] {
            assert!(operation[field].is_string(), "{path} has no {field}");
        }
        ids.insert(operation["operationId"].as_str().unwrap().to_owned());
        for (status, response) in operation["responses"].as_object().unwrap() {
            assert!(response["description"].is_string(), "{path} {status}");
        }
    }
    let expected = [
        "evaluateFlag",
        "evaluateFlags",
        "getEntitlements",
        "getHealth",
        "getPlans",
        "openPortal",
        "receiveStripeEvent",
        "startCheckout",
        "syncAfterCheckout",
    ];
    assert!(ids.iter().eq(expected.iter()), "{ids:?}");
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(schema["description"].is_string(), "{name} has no description");
        let closed = ["CheckoutRequest", "PortalRequest", "SyncRequest"].contains(&name.as_str());
        assert_eq!(schema["additionalProperties"] == json!(false), closed, "{name}");
    }
}

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

#[test]
fn the_table_and_the_document_have_the_same_failures() {
    let document = document();
    for function in Function::ALL {
        let mut found = BTreeSet::new();
        for (method, path) in function.routes() {
            let responses = &document["paths"][path][method.to_lowercase()]["responses"];
            for response in responses.as_object().unwrap().values() {
                let narrowed = &response["content"]["application/json"]["schema"]["allOf"][1];
                let codes = narrowed["properties"]["code"]["enum"].as_array().into_iter().flatten();
                found.extend(codes.map(|code| code.as_str().unwrap().to_owned()));
            }
        }
        let expected: BTreeSet<String> = documented(function.name()).into_iter().map(str::to_owned).collect();
        assert_eq!(found, expected, "{}", function.name());
    }
}
