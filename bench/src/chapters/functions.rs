//! Each function as it is deployed, with its variables in a secret and TLS to the database: its memory, and
//! what an instance's start, its first request and every further one take of a processor.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use shared::config::Function;
use stripe_emulator::sign;
use tests::auth::TestAuth;
use tests::event::envelope;
use tests::runtime_api::RuntimeApi;
use tests::tls::{self, ServerCertificate, authority};
use tests::{TestApp, Vault, users};

use super::FUNCTIONS;
use crate::machine::{peak_megabytes, ran, resident_megabytes};
use crate::plan::Plan;
use crate::programs::Programs;
use crate::report::{Line, Report};
use crate::rounds::median;
use crate::runtime::{Environment, Instance};

/// Memory at which Lambda gives a function one whole processor, in MB (AWS, "Configure Lambda function
/// memory").
const ONE_PROCESSOR: f64 = 1769.0;
/// Subscriptions that the reconciliation finds missing.
const SUBSCRIPTIONS: usize = 200;

/// Measures every function, one after the other.
pub async fn functions(plan: &Plan, programs: &Programs, report: &mut Report) {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    for number in 0..SUBSCRIPTIONS {
        let org = t.value("gen_random_uuid()").await;
        let sql = format!("insert into own_organizations (id, name) values ('{org}', 'No. {number}')");
        t.db.batch_execute(&sql).await.expect("an organization");
        t.subscribe(&json!({ "org_id": org }));
    }
    let auth = TestAuth::start().await;
    let us = authority("Bench");
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
    let mut environment: Environment = vec![("IDENTITY_SOURCE", "access_token".to_owned())];
    let variables = vault.environment();
    environment.extend(variables.iter().map(|(name, value)| (*name, (*value).to_owned())));
    for function in Function::ALL {
        report.add(measure(function, plan, programs, &environment, (&t, &auth)).await);
    }
}

async fn measure(
    function: Function,
    plan: &Plan,
    programs: &Programs,
    environment: &Environment,
    people: (&TestApp, &TestAuth),
) -> Line {
    let runtime = RuntimeApi::start().await;
    let program = Instance::start(&programs.path(function.name()), &runtime.address, environment);
    runtime.idle().await;
    let start = milliseconds(ran(program.pid()));
    let mut processor = Vec::new();
    let mut waiting = Vec::new();
    let further = if function == Function::Reconcile { 1 } else { plan.requests };
    for number in 0..=further {
        let event = event(function, number, people);
        let (before, started) = (ran(program.pid()), Instant::now());
        let answer = runtime.invoke(&event).await;
        let (wall, ran) = (started.elapsed(), ran(program.pid()).saturating_sub(before));
        let status = answer["statusCode"].as_u64().unwrap_or(200);
        assert_eq!(status, 200, "{}: {answer}", function.name());
        processor.push(milliseconds(ran));
        waiting.push(milliseconds(wall.saturating_sub(ran)));
    }
    let (first, later) = (processor[0], median(processor[1..].iter().copied()).unwrap_or_default());
    let waits = median(waiting[1..].iter().copied()).unwrap_or_default();
    let (peak, idle) = (peak_megabytes(program.pid()), resident_megabytes(program.pid()));
    let given = given(function);
    let share = ONE_PROCESSOR / given;
    let (first_given, later_given) = ((start + first) * share, later * share + waits);
    let mut line = Line { chapter: FUNCTIONS, what: function.name().to_owned(), ..Line::default() };
    line.sample.p50 = Some(later + waits);
    line.sample.function = Some(later * 1e3);
    line.more = vec![
        ("memory_mb", peak),
        ("idle_mb", idle),
        ("start_ms", start),
        ("first_request_ms", first),
        ("first_request_ms_as_given", first_given),
        ("request_ms_as_given", later_given),
    ];
    line.note = format!(
        "{peak:.1} MB; start {start:.1} ms and first request {first:.1} ms of a processor; at {given} MB \
         both {first_given:.0} ms, later {later_given:.0} ms"
    );
    line
}

/// What a function is given (template.yaml), in MB.
fn given(function: Function) -> f64 {
    if function == Function::Reconcile { 512.0 } else { 128.0 }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// A function's event; the webhook's is another one each time.
fn event(function: Function, number: usize, (t, auth): (&TestApp, &TestAuth)) -> Value {
    let org = &t.org;
    let user_headers = |id: &str| user_headers(t, auth, id);
    let post = |path: &str, user: &str, body: Value| {
        envelope("POST", path, "", &user_headers(user), Some(body.to_string()))
    };
    match function {
        Function::Entitlements => {
            let query = format!("orgId={org}");
            envelope("GET", "/api/entitlements", &query, &user_headers(users::MEMBER), None)
        }
        Function::Ofrep => {
            post("/ofrep/v1/evaluate/flags", users::MEMBER, json!({ "context": { "targetingKey": org } }))
        }
        Function::Plans => envelope("GET", "/api/billing/plans", "", &json!({}), None),
        Function::Health => envelope("GET", "/api/health", "", &json!({}), None),
        Function::Checkout => {
            let order = json!({ "orgId": t.other_org, "planCode": "pro", "interval": "month" });
            post("/api/billing/checkout", users::OUTSIDER, order)
        }
        Function::Portal => post("/api/billing/portal", users::OWNER, json!({ "orgId": org })),
        Function::Sync => post("/api/billing/sync", users::MEMBER, json!({ "orgId": org })),
        Function::Webhook => {
            let mut event = t.last_event("customer.subscription.created");
            event["id"] = json!(format!("evt_{number}"));
            // Later than any read of Stripe may have seen.
            event["created"] = json!(t.now() + 3600 + i64::try_from(number).unwrap_or_default());
            let payload = event.to_string();
            let signature = sign(payload.as_bytes(), "whsec_1", t.now());
            envelope("POST", "/", "", &json!({ "stripe-signature": signature }), Some(payload))
        }
        // The probe's questions go nowhere here, and nobody is told anything: what is measured is the
        // function.
        Function::Reconcile | Function::Probe | Function::Notify => json!({
            "version": "0", "id": "1", "detail-type": "Scheduled Event", "source": "aws.events",
            "account": "1", "time": "2026-11-22T21:00:00Z", "region": "eu-central-1", "resources": [],
            "detail": {}
        }),
    }
}

/// The headers of a person's request: with an access token that a key of the project signed.
fn user_headers(t: &TestApp, auth: &TestAuth, id: &str) -> Value {
    let now = t.now();
    let token = auth.token(&auth.claims_with(json!({ "sub": id, "iat": now, "exp": now + 3600 })));
    json!({ "authorization": format!("Bearer {token}"), "content-type": "application/json" })
}
