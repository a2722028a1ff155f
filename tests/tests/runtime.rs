//! The real program against Lambda's Runtime API: one request at a time, or several at once where Lambda says
//! so.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::program::{Program, of_this_build};
use tests::runtime_api::RuntimeApi;
use tests::{TestApp, Vault, users};

fn start(runtime: &RuntimeApi, environment: &[(&str, &str)]) -> Program {
    Program::start(&of_this_build("entitlements-function"), runtime, environment)
}

fn event(t: &TestApp, user: &str) -> Value {
    json!({
        "version": "2.0", "routeKey": "GET /api/entitlements", "rawPath": "/api/entitlements",
        "rawQueryString": format!("orgId={}", t.org), "headers": { "x-user-id": user },
        "requestContext": {
            "accountId": "1", "apiId": "api", "domainName": "api.example.com", "requestId": "test",
            "stage": "$default", "timeEpoch": 0,
            "http": { "method": "GET", "path": "/api/entitlements", "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1", "userAgent": "test" },
            "routeKey": "GET /api/entitlements"
        },
        "isBase64Encoded": false
    })
}

/// How many statements of the program wait for a lock.
async fn waiting(t: &TestApp) -> String {
    t.value(
        "select count(*) from pg_stat_activity
         where usename = 'billing_reader' and datname = current_database() and wait_event_type = 'Lock'",
    )
    .await
}

async fn assert_at_once(concurrency: Option<&str>, expected: &str) {
    let t = TestApp::start().await;
    let runtime = RuntimeApi::start().await;
    let url = t.database.url("billing_reader");
    let mut environment = vec![("DATABASE_URL", url.as_str()), ("DATABASE_POOL_SIZE", "4")];
    environment.extend(concurrency.map(|number| ("AWS_LAMBDA_MAX_CONCURRENCY", number)));
    let _program = start(&runtime, &environment);
    assert_eq!(runtime.invoke(&event(&t, users::MEMBER)).await["statusCode"], 200);
    // Nobody gets to read until all are there.
    let lock = t.database.connect().await;
    lock.batch_execute("begin; lock table own_members in access exclusive mode").await.unwrap();
    let people = [users::OWNER, users::OUTSIDER, users::ADMIN, users::OUTSIDER];
    let events: Vec<Value> = people.iter().map(|user| event(&t, user)).collect();
    let answers = join_all(events.iter().map(|event| runtime.invoke(event)));
    let release = async {
        let begun = Instant::now();
        while waiting(&t).await != expected && begun.elapsed() < Duration::from_secs(5) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // None comes after them.
        tokio::time::sleep(Duration::from_millis(200)).await;
        let at_once = waiting(&t).await;
        lock.batch_execute("commit").await.unwrap();
        at_once
    };
    let (answers, at_once) = futures_util::join!(answers, release);
    assert_eq!(at_once, expected);
    // Each got its own answer.
    let statuses: Vec<_> = answers.iter().map(|answer| answer["statusCode"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [200, 403, 200, 403]);
}

#[tokio::test]
async fn without_being_told_otherwise_it_handles_one_request_at_a_time() {
    assert_at_once(None, "1").await;
}

#[tokio::test]
async fn it_handles_as_many_requests_at_once_as_lambda_says() {
    assert_at_once(Some("4"), "4").await;
}

#[tokio::test]
async fn a_function_with_its_own_login_reads_the_secret_at_its_first_request_and_only_then() {
    let t = TestApp::start().await;
    let vault = Vault::open(&json!({ "READER_DATABASE_URL": t.database.url("billing_reader") })).await;
    let (runtime, complete) = (RuntimeApi::start().await, RuntimeApi::start().await);
    let _program = start(&runtime, &vault.environment());
    let url = t.database.url("billing_reader");
    let _complete = start(&complete, &[&vault.environment()[..], &[("DATABASE_URL", &url)]].concat());
    for _ in 0..2 {
        assert_eq!(complete.invoke(&event(&t, users::MEMBER)).await["statusCode"], 200);
    }
    assert_eq!(vault.reads(), 0);
    let answers = join_all((0..3).map(|_| async { runtime.invoke(&event(&t, users::MEMBER)).await })).await;
    assert!(answers.iter().all(|answer| answer["statusCode"] == 200), "{answers:?}");
    assert_eq!(vault.reads(), 1);
}

#[tokio::test]
async fn no_address_that_a_client_sends_ends_the_program() {
    let t = TestApp::start().await;
    let runtime = RuntimeApi::start().await;
    let url = t.database.url("billing_reader");
    let _program = start(&runtime, &[("DATABASE_URL", url.as_str())]);
    for address in ["<", "\"", "\\^`{|}", "é", "#"] {
        let mut event = event(&t, users::MEMBER);
        event["rawQueryString"] = json!(format!("orgId={}&x={address}", t.org));
        event["rawPath"] = json!(format!("/api/entitlements{address}"));
        event["headers"]["host"] = json!("api.example.com:99999");
        assert_eq!(runtime.invoke(&event).await["statusCode"], 200, "{address}");
    }
}
