//! The samples in `events/`: each function answers its own, each Stripe event is taken.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::{Duration, SystemTime};

use lambda_http::Request;
use local::dev::environment::SAMPLE_SECRET;
use serde_json::Value;
use shared::clock::Clock;
use tests::{Answer, TestApp};

/// The demo organization, its owner, and the time that the samples were made at, Unix milliseconds.
const ORG: &str = "5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e10";
const OWNER: &str = "a1f6c0de-0000-4000-8000-000000000001";
const MADE_AT: i64 = 1_767_225_600_000;
/// The project that the samples' access tokens were issued by: the local stack, on its usual port.
const PROJECT: &str = "http://127.0.0.1:4242";

async fn start() -> TestApp {
    let variables = [
        ("STRIPE_WEBHOOK_SECRET", "whsec_sample,whsec_test"),
        ("IDENTITY_SOURCE", ""),
        ("SUPABASE_URL", PROJECT),
        ("SUPABASE_JWT_SECRET", SAMPLE_SECRET),
    ];
    let mut t = TestApp::start_with(&variables).await;
    let people = format!(
        "insert into own_organizations (id, name) values ('{ORG}', 'Demo');
            insert into own_members values ('{ORG}', '{OWNER}', 'owner')"
    );
    t.db.batch_execute(&people).await.unwrap();
    t.set_clock(&Clock::Fixed(Arc::new(AtomicI64::new(MADE_AT))));
    t
}

fn events(folder: &str) -> Vec<PathBuf> {
    let folder = tests::root().join("events").join(folder);
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files
}

fn invocation(path: &Path) -> Request {
    lambda_http::request::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[tokio::test]
async fn each_function_answers_its_sample() {
    let t = start().await;
    for path in events("") {
        let name = path.file_stem().unwrap().to_str().unwrap();
        if name == "reconcile" {
            let limit = SystemTime::from(t.app.clock.now()) + Duration::from_secs(900);
            assert!(!reconcile::handle(&t.operator, limit).await.unwrap().unfinished);
            continue;
        }
        if name == "notify" {
            let told = notify::notify(&t.operator, SystemTime::from(t.app.clock.now())).await;
            assert_eq!(told.unwrap(), notify::Report::default(), "nobody is to be told");
            continue;
        }
        if name == "probe" {
            // It looks at nothing of its event, and asks as many questions without addresses.
            assert_eq!(probe::probe(&t.app).await.failures().count(), 3);
            continue;
        }
        let request = invocation(&path);
        let (answer, expected): (Answer, u16) = match name {
            "checkout" => (t.call_checkout(request).await, 200),
            "portal" => (t.call_portal(request).await, 200),
            "sync" => (t.call_sync(request).await, 200),
            "entitlements" => (t.call_entitlements(request).await, 200),
            "ofrep" => (t.call_ofrep(request).await, 200),
            "plans" => (t.call_plans(request).await, 200),
            "health" => (t.health().await, 200),
            "webhook" => (t.call_webhook(request).await, 200),
            other => panic!("events/{other}.json belongs to no function"),
        };
        assert_eq!(answer.status, expected, "{name}: {}", answer.body);
    }
}

#[tokio::test]
async fn each_processed_type_of_event_has_a_sample_that_is_taken() {
    let t = start().await;
    let samples = events("stripe");
    assert_eq!(samples.len(), 11);
    for path in samples {
        let event: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(event["type"], path.file_stem().unwrap().to_str().unwrap());
        let answer = t.deliver(&event).await;
        assert_eq!(answer.status, 200, "{path:?}: {}", answer.body);
        assert!(
            ["applied", "stale", "ignored"].contains(&answer.text("/outcome")),
            "{path:?}: {}",
            answer.body
        );
    }
    assert_eq!(t.value("select status from subscriptions").await, "canceled");
}
