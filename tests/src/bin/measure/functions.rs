//! Each function as a program of its own: how much memory it ever had, and how much of a processor its
//! requests take.

use std::fs;
use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};
use shared::config::Function;
use stripe_emulator::sign;
use tests::auth::TestAuth;
use tests::program::Program;
use tests::runtime_api::RuntimeApi;
use tests::tls::{self, ServerCertificate, authority};
use tests::{TestApp, Vault, users};

use crate::quantile;

/// Memory at which Lambda gives a function one whole processor, in MB (AWS, "Configure Lambda function
/// memory").
const ONE_PROCESSOR: f64 = 1769.0;
/// Subscriptions that a reconciliation compares.
const SUBSCRIPTIONS: usize = 1_000;

/// Prints a table.
pub async fn measure(folder: &Path, only: &[String], requests: usize) {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    let created = t.last_event("customer.subscription.created");
    for number in 0..SUBSCRIPTIONS {
        let org = t.value("gen_random_uuid()").await;
        t.db.batch_execute(&format!(
            "insert into own_organizations (id, name) values ('{org}', 'No. {number}')"
        ))
        .await
        .expect("an organization");
        t.subscribe(&json!({ "org_id": org }));
    }
    let auth = TestAuth::start().await;
    let us = authority("Measured");
    tls::present(t.database.server(), &ServerCertificate::new(&us, "127.0.0.1", 2500)).await;
    let vault = Vault::open(&json!({
        "STRIPE_SECRET_KEY": t.stripe.secret_key(), "STRIPE_API_BASE": t.stripe.url(),
        "STRIPE_WEBHOOK_SECRET": "whsec_1",
        "READER_DATABASE_URL": t.database.url("billing_reader"),
        "CHECKOUT_DATABASE_URL": t.database.url("billing_checkout"),
        "EVENTS_DATABASE_URL": t.database.url("billing_events"),
        "OPERATOR_DATABASE_URL": t.database.url("billing_operator"),
        "DATABASE_CA": us.pem(), "BASE_URL": "https://app.example.com", "SUPABASE_URL": auth.server.url,
    }))
    .await;
    let mut environment = vault.environment();
    environment.push(("IDENTITY_SOURCE", "access_token"));
    environment.push(("METRICS_NAMESPACE", "measured"));

    println!(
        "| function | memory, MB | first request: processor, ms | at 128 MB | at 256 MB | every further: \
         processor, ms | waiting, ms | at 128 MB | at 256 MB |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let functions = Function::ALL.map(Function::name);
    for function in functions.into_iter().filter(|name| only.is_empty() || only.iter().any(|o| o == name)) {
        let runtime = RuntimeApi::start().await;
        let program = Program::start(&folder.join(function), &runtime, &environment);
        runtime.invoke(&event(function, 0, &t, &auth, &created)).await;
        let first = processor_milliseconds(&program);
        let mut waits = Vec::new();
        for number in 1..=requests {
            let event = event(function, number, &t, &auth, &created);
            let (before, started) = (processor_milliseconds(&program), Instant::now());
            let answer = runtime.invoke(&event).await;
            let wall = started.elapsed().as_secs_f64() * 1000.0;
            waits.push((wall - (processor_milliseconds(&program) - before)).max(0.0));
            let status = answer["statusCode"].as_u64().unwrap_or(200);
            assert_eq!(status, 200, "{function}: {answer}");
        }
        let further = (processor_milliseconds(&program) - first) / requests as f64;
        let wait = quantile(&mut waits, 0.5);
        let at = |milliseconds: f64, memory: f64| milliseconds * (ONE_PROCESSOR / memory).max(1.0);
        println!(
            "| {function} | {:.1} | {first:.1} | {:.0} | {:.0} | {further:.2} | {wait:.1} | {:.0} | {:.0} |",
            peak_megabytes(&program),
            at(first, 128.0),
            at(first, 256.0),
            at(further, 128.0) + wait,
            at(further, 256.0) + wait,
        );
    }
}

/// A function's event; the webhook's is another one each time, made of Stripe's `created`.
fn event(function: &str, number: usize, t: &TestApp, auth: &TestAuth, created: &Value) -> Value {
    let body = |body: Value| body.to_string();
    let org = &t.org;
    match function {
        "entitlements" => request(
            "GET",
            "/api/entitlements",
            &format!("orgId={org}"),
            &user(t, auth, users::MEMBER),
            String::new(),
        ),
        "health" => request("GET", "/api/health", "", &json!({}), String::new()),
        "checkout" => {
            let order = json!({ "orgId": t.other_org, "planCode": "pro", "interval": "month" });
            request("POST", "/api/billing/checkout", "", &user(t, auth, users::OUTSIDER), body(order))
        }
        "portal" => request(
            "POST",
            "/api/billing/portal",
            "",
            &user(t, auth, users::OWNER),
            body(json!({ "orgId": org })),
        ),
        "sync" => request(
            "POST",
            "/api/billing/sync",
            "",
            &user(t, auth, users::MEMBER),
            body(json!({ "orgId": org })),
        ),
        "webhook" => {
            let mut event = created.clone();
            event["id"] = json!(format!("evt_{number}"));
            event["created"] = json!(t.now() + number as i64);
            let payload = event.to_string();
            let signature = sign(payload.as_bytes(), "whsec_1", t.now());
            request("POST", "/", "", &json!({ "stripe-signature": signature }), payload)
        }
        "reconcile" => json!({
            "version": "0", "id": "1", "detail-type": "Scheduled Event", "source": "aws.events",
            "account": "1",
            "time": "2026-11-22T21:00:00Z", "region": "eu-central-1", "resources": [], "detail": {}
        }),
        other => unreachable!("{other} is no function"),
    }
}

/// The headers of a person's request: with an access token that a key of the project signed.
fn user(t: &TestApp, auth: &TestAuth, id: &str) -> Value {
    let now = t.now();
    let token = auth.token(&auth.claims_with(json!({ "sub": id, "iat": now, "exp": now + 3600 })));
    json!({ "authorization": format!("Bearer {token}"), "content-type": "application/json" })
}

fn request(method: &str, path: &str, query: &str, headers: &Value, body: String) -> Value {
    let route = format!("{method} {path}");
    json!({
        "version": "2.0", "routeKey": route, "rawPath": path, "rawQueryString": query, "headers": headers,
        "requestContext": {
            "accountId": "1", "apiId": "api", "domainName": "api.example.com", "requestId": "1",
            "routeKey": route, "stage": "$default",
            "timeEpoch": 0,
            "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1",
                "userAgent": "measure" }
        },
        "body": body, "isBase64Encoded": false
    })
}

/// What all its threads ran, by the kernel's count in nanoseconds (proc(5), `schedstat`).
fn processor_milliseconds(program: &Program) -> f64 {
    let threads = fs::read_dir(format!("/proc/{}/task", program.id())).expect("a running program");
    let ran = |thread: std::io::Result<fs::DirEntry>| {
        let said = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        said.split(' ').next()?.parse::<f64>().ok()
    };
    threads.filter_map(ran).sum::<f64>() / 1_000_000.0
}

/// The most that it ever had (proc(5), `VmHWM`).
fn peak_megabytes(program: &Program) -> f64 {
    let said = fs::read_to_string(format!("/proc/{}/status", program.id())).expect("a running program");
    let line = said.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
    line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1024.0
}
