//! `billing webhook-endpoint`.

use cli::commands::webhook_endpoint::{self, Args, Done};
use cli::outcome::{Code, Failure};
use serde_json::{Value, json};
use shared::stripe::VERSION;
use shared::stripe::event::PROCESSED;
use tests::TestApp;

const URL: &str = "https://hook.example.com/";

fn args() -> Args {
    Args { url: URL.parse().unwrap(), thin: false, store: false, dry_run: false }
}

fn endpoints(t: &TestApp) -> Vec<Value> {
    let list = t.stripe.call("GET", "/v1/webhook_endpoints", &json!({ "limit": 100 })).unwrap();
    list["data"].as_array().unwrap().clone()
}

fn change(t: &TestApp, id: &str, change: Value) {
    t.stripe.call("POST", &format!("/v1/webhook_endpoints/{id}"), &change).unwrap();
}

#[tokio::test]
async fn it_is_created_with_the_events_and_the_version_and_a_second_run_changes_nothing() {
    let t = TestApp::start().await;
    let preview = webhook_endpoint::run(Args { dry_run: true, ..args() }, &t.operator()).await.unwrap();
    assert_eq!((preview.done, preview.signing_secret.is_none()), (Done::Created, true));
    assert!(endpoints(&t).is_empty());
    let first = webhook_endpoint::run(args(), &t.operator()).await.unwrap();
    let secret = first.signing_secret.as_ref().unwrap().expose();
    assert!(first.to_string().contains(secret) && !format!("{first:?}").contains(secret));
    let [endpoint] = endpoints(&t).try_into().unwrap();
    assert_eq!(endpoint["enabled_events"], json!(PROCESSED));
    assert_eq!((&endpoint["api_version"], &endpoint["url"]), (&json!(VERSION.as_str()), &json!(URL)));
    let second = webhook_endpoint::run(args(), &t.operator()).await.unwrap();
    assert_eq!(
        (second.done, second.signing_secret.is_none(), second.endpoint),
        (Done::Unchanged, true, first.endpoint)
    );
    assert_eq!(endpoints(&t), [endpoint]);
}

#[tokio::test]
async fn a_lacking_event_is_added_and_a_disabled_endpoint_enabled_again() {
    let t = TestApp::start().await;
    let id = webhook_endpoint::run(args(), &t.operator()).await.unwrap().endpoint.unwrap();
    change(&t, &id, json!({ "enabled_events": &PROCESSED[1..] }));
    let repaired = webhook_endpoint::run(args(), &t.operator()).await.unwrap();
    assert_eq!((repaired.done, repaired.changes), (Done::Updated, vec!["enabled_events".to_owned()]));
    change(&t, &id, json!({ "disabled": true, "enabled_events": &PROCESSED[..1] }));
    let repaired = webhook_endpoint::run(args(), &t.operator()).await.unwrap();
    assert_eq!(repaired.changes, ["enabled_events", "status"]);
    let [endpoint] = endpoints(&t).try_into().unwrap();
    assert_eq!((&endpoint["status"], &endpoint["enabled_events"]), (&json!("enabled"), &json!(PROCESSED)));
}

#[tokio::test]
async fn events_that_somebody_added_a_description_and_metadata_stay() {
    let t = TestApp::start().await;
    let id = webhook_endpoint::run(args(), &t.operator()).await.unwrap().endpoint.unwrap();
    let theirs = ["payout.paid", "radar.early_fraud_warning.created"];
    let with_theirs = |ours: &[&'static str]| {
        let mut all = [ours, &theirs].concat();
        all.sort_unstable();
        all
    };
    let own = json!({ "description": "Ours and theirs", "metadata": { "team": "risk" } });
    change(&t, &id, own.clone());
    change(&t, &id, json!({ "enabled_events": with_theirs(&PROCESSED) }));
    let report = webhook_endpoint::run(args(), &t.operator()).await.unwrap();
    assert_eq!((report.done, report.changes), (Done::Unchanged, Vec::new()));
    change(&t, &id, json!({ "enabled_events": with_theirs(&PROCESSED[1..]) }));
    let report = webhook_endpoint::run(args(), &t.operator()).await.unwrap();
    assert_eq!((report.done, report.changes), (Done::Updated, vec!["enabled_events".to_owned()]));
    let [endpoint] = endpoints(&t).try_into().unwrap();
    assert_eq!(endpoint["enabled_events"], json!(with_theirs(&PROCESSED)));
    for field in ["description", "metadata"] {
        assert_eq!(endpoint[field], own[field], "{field}");
    }
    // All events are ours too.
    change(&t, &id, json!({ "enabled_events": ["*"] }));
    assert_eq!(webhook_endpoint::run(args(), &t.operator()).await.unwrap().done, Done::Unchanged);
}

#[tokio::test]
async fn one_that_takes_the_place_of_another_version_takes_over_what_was_set_on_it() {
    let t = TestApp::start().await;
    let old = json!({
        "url": URL, "api_version": "2024-06-20", "enabled_events": ["invoice.paid", "payout.paid"],
        "description": "Ours and theirs", "metadata": { "team": "risk" },
    });
    t.stripe.call("POST", "/v1/webhook_endpoints", &old).unwrap();
    let report = webhook_endpoint::run(args(), &t.operator()).await.unwrap();
    assert_eq!(report.done, Done::Created);
    let made = endpoints(&t).into_iter().find(|made| made["id"] == json!(report.endpoint)).unwrap();
    for field in ["description", "metadata"] {
        assert_eq!(made[field], old[field], "{field}");
    }
    let events = made["enabled_events"].as_array().unwrap();
    assert!(events.contains(&json!("payout.paid")) && events.len() == PROCESSED.len() + 1, "{events:?}");
}

#[tokio::test]
async fn one_of_another_api_version_stays_until_a_person_disables_it() {
    let t = TestApp::start().await;
    let old = json!({ "url": URL, "enabled_events": PROCESSED, "api_version": "2024-06-20" });
    let old = t.stripe.call("POST", "/v1/webhook_endpoints", &old).unwrap();
    let old = old["id"].as_str().unwrap();
    let report = webhook_endpoint::run(args(), &t.operator()).await.unwrap();
    assert_eq!((report.done, endpoints(&t).len()), (Done::Created, 2));
    assert!(report.advice[0].contains(old) && report.advice[0].contains("2024-06-20"), "{report}");
    let again = webhook_endpoint::run(args(), &t.operator()).await.unwrap();
    assert_eq!((again.done, again.advice.len(), endpoints(&t).len()), (Done::Unchanged, 1, 2));
    change(&t, old, json!({ "disabled": true }));
    assert!(webhook_endpoint::run(args(), &t.operator()).await.unwrap().advice.is_empty());
}

#[tokio::test]
async fn one_that_was_deleted_is_made_anew_within_the_day() {
    let t = TestApp::start().await;
    let first = webhook_endpoint::run(args(), &t.operator()).await.unwrap();
    let path = format!("/v1/webhook_endpoints/{}", first.endpoint.as_deref().unwrap());
    t.stripe.call("DELETE", &path, &json!({})).unwrap();
    let second = webhook_endpoint::run(args(), &t.operator()).await.unwrap();
    assert_ne!(second.endpoint, first.endpoint);
    assert_eq!(endpoints(&t)[0]["id"].as_str(), second.endpoint.as_deref());
}

#[tokio::test]
async fn two_runs_at_once_make_one_endpoint() {
    let t = TestApp::start().await;
    let (one, other) = (t.operator(), t.operator());
    let (first, second) =
        tokio::join!(webhook_endpoint::run(args(), &one), webhook_endpoint::run(args(), &other));
    assert_eq!(first.unwrap().endpoint, second.unwrap().endpoint);
    assert_eq!(endpoints(&t).len(), 1);
}

#[tokio::test]
async fn without_configuration_or_stripe_nothing_is_done() {
    let t = TestApp::start().await;
    for (variables, store, expected, code) in [
        (vec![("STRIPE_SECRET_KEY", "")], false, "STRIPE_SECRET_KEY is not set", Code::NotConfigured),
        (vec![("STRIPE_API_BASE", "emulator")], false, "STRIPE_API_BASE must be", Code::NotConfigured),
        (vec![], true, "BILLING_SECRET_ARN is not set", Code::NotConfigured),
        (
            vec![("STRIPE_API_BASE", "http://127.0.0.1:1")],
            false,
            "Stripe cannot be reached",
            Code::StripeUnreachable,
        ),
        (
            vec![("STRIPE_SECRET_KEY", "sk_test_other")],
            false,
            "Stripe does not accept the key",
            Code::StripeRefused,
        ),
    ] {
        let context = t.operator_with(&variables);
        let error = webhook_endpoint::run(Args { store, ..args() }, &context).await.unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
        assert_eq!(error.code(), code);
    }
    assert!(endpoints(&t).is_empty());
}
