//! The programs `webhook` and `billing` with their variables in moto's Secrets Manager, and `notify` with its
//! EventBridge. The programs lie where cargo puts them (`cargo build --bin billing --bin notify --bin
//! webhook`). Then: `MOTO_PYTHON=... cargo test --package tests --features moto --test moto`.
#![allow(clippy::expect_used, clippy::unwrap_used)] // A test that cannot go on shall panic.

use std::process::Command;

use futures_util::future::join_all;
use serde_json::{Value, json};
use stripe_emulator::sign;
use tests::TestApp;
use tests::moto::Moto;
use tests::program::{Program, of_this_build};
use tests::rotation::Rotation;
use tests::runtime_api::RuntimeApi;

/// The webhook's variables.
fn variables(t: &TestApp, password: &str, signing: &str) -> Value {
    json!({
        "STRIPE_SECRET_KEY": t.stripe.secret_key(), "STRIPE_API_BASE": t.stripe.url(),
        "STRIPE_WEBHOOK_SECRET": signing,
        "EVENTS_DATABASE_URL": t.database.url(&format!("billing_events:{password}")),
    })
}

/// A call of the function's URL with an event that these secrets have signed, as Stripe does while one
/// replaces another.
fn call(t: &TestApp, event: &Value, signing: &[&str]) -> Value {
    let (body, now) = (event.to_string(), t.now());
    let signatures = signing.iter().map(|secret| {
        let header = sign(body.as_bytes(), secret, now);
        header.split_once(',').unwrap().1.to_owned()
    });
    let header = format!("t={now},{}", signatures.collect::<Vec<_>>().join(","));
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/", "rawQueryString": "",
        "headers": { "stripe-signature": header },
        "requestContext": {
            "accountId": "anonymous", "apiId": "url", "domainName": "url.example.com", "requestId": "1",
            "routeKey": "$default",
            "stage": "$default", "timeEpoch": 0,
            "http": { "method": "POST", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1",
                "userAgent": "Stripe/1.0" }
        },
        "body": body, "isBase64Encoded": false
    })
}

#[tokio::test]
async fn a_password_and_a_signing_secret_that_are_replaced_fail_no_event_of_a_stream() {
    let r = Rotation::start().await;
    let t = &r.t;
    t.database.require_password("billing_events").await;
    t.database.replace_password("billing_events", "first").await;
    let moto = Moto::start().await;
    let arn = moto.create("webhook", &variables(t, "first", "whsec_1")).await;
    let runtime = RuntimeApi::start().await;
    let instances: Vec<_> = (0..4)
        .map(|_| Program::start(&of_this_build("webhook"), &runtime, &moto.environment(&arn)))
        .collect();
    let events = r.events(240, "stream").await;
    let deliver = async |events: &[Value], signing: &[&str]| {
        let calls: Vec<_> = events.iter().map(|event| call(t, event, signing)).collect();
        for answer in join_all(calls.iter().map(|call| runtime.invoke(call))).await {
            assert_eq!(answer["statusCode"], 200, "{answer}");
        }
    };
    deliver(&events[..80], &["whsec_1"]).await;
    let replace = async {
        moto.put(&arn, &variables(t, "second", "whsec_2")).await;
        t.database.replace_password("billing_events", "second").await;
    };
    futures_util::join!(replace, deliver(&events[80..160], &["whsec_1", "whsec_2"]));
    deliver(&events[160..], &["whsec_2"]).await;
    assert_eq!(t.value("select count(*) from webhook_events where status = 'processed'").await, "240");
    let late = runtime.invoke(&call(t, &events[0], &["whsec_1"])).await;
    assert_eq!(late["statusCode"], 400, "{late}");
    drop(instances);
    moto.stop().await;
}

// The emulator answers while this thread waits for the program.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn billing_puts_a_new_signing_secret_in_front_of_the_old_one_and_shows_it_to_nobody() {
    let t = TestApp::start().await;
    let moto = Moto::start().await;
    let variables = json!({
        "STRIPE_SECRET_KEY": t.stripe.secret_key(), "STRIPE_API_BASE": t.stripe.url(),
        "STRIPE_WEBHOOK_SECRET": "whsec_old",
    });
    let arn = moto.create("billing", &variables).await;
    let billing = |arn: &str| {
        let arguments = ["webhook-endpoint", "--url", "https://hook.example.com/", "--store"];
        let mut command = Command::new(of_this_build("billing"));
        command.args(arguments).env_clear().envs(moto.environment(arn)).output().unwrap()
    };
    let first = billing(&arn);
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    let printed = String::from_utf8(first.stdout).unwrap();
    assert!(!printed.contains("whsec_"), "{printed}");
    let stored = moto.get(&arn).await;
    let signing = stored["STRIPE_WEBHOOK_SECRET"].as_str().unwrap();
    let (new, old) = signing.split_once(',').unwrap();
    assert!(new.starts_with("whsec_") && new.len() > 20 && old == "whsec_old", "{signing}");
    assert_eq!(stored["STRIPE_SECRET_KEY"], variables["STRIPE_SECRET_KEY"]);
    let second = billing(&arn);
    assert!(String::from_utf8(second.stdout).unwrap().contains("is up to date"));
    assert_eq!(moto.get(&arn).await, stored);
    let unknown = billing("arn:aws:secretsmanager:eu-central-1:123456789012:secret:none");
    assert_eq!(unknown.status.code(), Some(3));
    moto.stop().await;
}

#[tokio::test]
async fn what_changed_is_put_on_an_event_bus_and_a_bus_that_refuses_gets_it_later() {
    let t = TestApp::start().await;
    let moto = Moto::start().await;
    let queue = moto.call("sqs", "AmazonSQS.CreateQueue", &json!({ "QueueName": "told" })).await;
    let queue = queue["QueueUrl"].as_str().unwrap();
    let bus = moto.call("events", "AWSEvents.CreateEventBus", &json!({ "Name": "app" })).await;
    let arn = bus["EventBusArn"].as_str().unwrap();
    let pattern = json!({ "source": ["promptforge.billing"], "detail-type": ["entitlements.changed"] });
    let rule = json!({ "Name": "told", "EventBusName": "app", "EventPattern": pattern.to_string() });
    moto.call("events", "AWSEvents.PutRule", &rule).await;
    let target = json!({ "Id": "1", "Arn": "arn:aws:sqs:eu-central-1:123456789012:told" });
    let targets = json!({ "Rule": "told", "EventBusName": "app", "Targets": [target] });
    moto.call("events", "AWSEvents.PutTargets", &targets).await;
    t.value(&format!("select pf_override_entitlement('{}', 'hasAPI', true, null, 'ada', 'x')", t.org)).await;

    // With a login that cannot be had nothing is lost.
    let database = t.database.url("billing_operator");
    let usual = [("DATABASE_URL", database.as_str()), ("NOTIFY_EVENT_BUS", arn)];
    for (environment, delivered) in [(vec![], 0), (moto.event_environment(), 1)] {
        let runtime = RuntimeApi::start().await;
        let environment = [&usual[..], &environment].concat();
        let program = Program::start(&of_this_build("notify"), &runtime, &environment);
        let report = runtime.invoke(&json!({})).await;
        assert_eq!(report["delivered"], delivered, "{report}");
        t.db.batch_execute(
            "update notifications set next_attempt_at = now() where next_attempt_at is not null",
        )
        .await
        .unwrap();
        drop(program);
    }
    let received = moto.call("sqs", "AmazonSQS.ReceiveMessage", &json!({ "QueueUrl": queue })).await;
    let event: Value = serde_json::from_str(received["Messages"][0]["Body"].as_str().unwrap()).unwrap();
    assert_eq!(event["detail-type"], "entitlements.changed");
    assert_eq!(event["detail"]["orgId"], t.org.as_str());
    assert_eq!(event["detail"]["entitlements"]["hasAPI"], true);
    assert!(event["detail"]["version"].is_i64());
    moto.stop().await;
}
