//! `billing webhook-endpoint --thin`: an event destination, whose thin events end where snapshot events do.

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use cli::commands::webhook_endpoint::{self, Args, Done, WebhookEndpointReport};
use lambda_http::Body;
use serde_json::{Value, json};
use shared::config::{Config, Secret};
use shared::stripe::event::{PROCESSED, thin_name};
use stripe_emulator::{DeliveryMode, Fault, Order};
use tests::{TestApp, users};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

const URL: &str = "https://hook.example.com/";
const PATH: &str = "/v2/core/event_destinations";

fn args() -> Args {
    Args { url: URL.parse().unwrap(), thin: true, store: false, dry_run: false }
}

async fn run(t: &TestApp) -> WebhookEndpointReport {
    webhook_endpoint::run(args(), &t.operator()).await.unwrap()
}

fn destinations(t: &TestApp) -> Vec<Value> {
    let list = json!({ "limit": 100, "include": ["webhook_endpoint.url"] });
    t.stripe.call("GET", PATH, &list).unwrap()["data"].as_array().unwrap().clone()
}

fn change(t: &TestApp, id: &str, act: &str, change: Value) {
    t.stripe.call("POST", &format!("{PATH}/{id}{act}"), &change).unwrap();
}

fn wanted() -> Vec<String> {
    PROCESSED.iter().map(|kind| thin_name(kind)).collect()
}

/// A destination that somebody made in the Dashboard.
fn by_hand(t: &TestApp, url: &str, more: Value) -> String {
    let mut destination = json!({
        "name": "By hand", "type": "webhook_endpoint", "event_payload": "thin", "enabled_events": wanted(),
        "webhook_endpoint": { "url": url },
    });
    destination.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    t.stripe.call("POST", PATH, &destination).unwrap()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn it_is_created_with_the_thin_events_and_a_second_run_changes_nothing() {
    let t = TestApp::start().await;
    let arguments = ["webhook-endpoint", "--url", URL, "--thin"];
    let preview = t.billing(&[&arguments[..], &["--dry-run"]].concat()).await;
    assert!(preview.output.contains("would be created") && !preview.output.contains("whsec_"), "{preview:?}");
    assert!(destinations(&t).is_empty());
    let first = t.billing(&arguments).await;
    let lines: Vec<&str> = first.output.lines().collect();
    let [destination] = destinations(&t).try_into().unwrap();
    assert_eq!(lines[0], format!("{}: created.", destination["id"].as_str().unwrap()));
    assert_eq!(lines[1], format!("test mode, {} thin events to {URL}", PROCESSED.len()));
    assert!(lines[3].starts_with("whsec_") && lines[4].starts_with("This signing secret is shown only now."));
    for (field, value) in [
        ("enabled_events", json!(wanted())),
        ("event_payload", json!("thin")),
        ("name", json!("PromptForge Billing")),
        ("status", json!("enabled")),
        ("webhook_endpoint", json!({ "signing_secret": null, "url": URL })),
    ] {
        assert_eq!(destination[field], value, "{field}");
    }
    let second = t.billing_json(0, &arguments).await;
    assert_eq!(
        (&second["done"], &second["endpoint"], &second["thin"], &second["api_version"]),
        (&json!("unchanged"), &destination["id"], &json!(true), &json!(null))
    );
    assert_eq!((second.get("signing_secret"), &second["advice"]), (None, &json!([])));
    assert_eq!(destinations(&t), [destination]);
}

#[tokio::test]
async fn what_it_is_sent_is_verified_with_the_secret_that_is_printed_and_applied_in_any_order() {
    let mut t = TestApp::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (sender, mut letters) = mpsc::unbounded_channel();
    let receive = move |headers: HeaderMap, body: Bytes| {
        let signature = headers["stripe-signature"].to_str().unwrap().to_owned();
        sender.send((signature, body.to_vec())).unwrap();
        async { StatusCode::OK }
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(receive)).await });
    let args = Args { url: url.parse().unwrap(), ..args() };
    let secret = webhook_endpoint::run(args, &t.operator()).await.unwrap().signing_secret.unwrap();
    t.app = t.app.succeeded_by(Config { webhook_secrets: vec![secret], ..t.app.config.clone() });
    let id = destinations(&t)[0]["id"].as_str().unwrap().to_owned();
    t.stripe.set_delivery(DeliveryMode { duplicate: true, ..DeliveryMode::default() });
    t.stripe.hold();
    let session = t.checkout_plan("pro", "month").await;
    t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
    let held = t.stripe.release(Order::Shuffled);
    t.stripe.call("POST", &format!("{PATH}/{id}/ping"), &json!({})).unwrap();
    let sent =
        t.stripe.events().iter().filter(|event| PROCESSED.contains(&event["type"].as_str().unwrap())).count();
    assert_eq!(held, sent);
    let mut outcomes = Vec::new();
    // The ping is sent twice: it came after the release.
    for _ in 0..sent + 2 {
        let (signature, body) = letters.recv().await.unwrap();
        let answer = t.webhook(&signature, Body::from(body)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        outcomes.push(answer.text("/outcome").to_owned());
    }
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "ignored").count(), 2, "{outcomes:?}");
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pro");
    assert_eq!(
        t.value("select count(*) from webhook_events where status = 'processed'").await,
        sent.to_string()
    );
    // Stripe's own list has the snapshot events: none of them is new.
    t.app = t
        .app
        .succeeded_by(Config { webhook_secrets: vec![Secret::new("whsec_test")], ..t.app.config.clone() });
    for event in t.stripe.events().iter().filter(|event| PROCESSED.contains(&event["type"].as_str().unwrap()))
    {
        t.deliver(event).await.assert_outcome("duplicate");
    }
}

#[tokio::test]
async fn a_lacking_event_is_added_and_a_disabled_destination_enabled_again() {
    let t = TestApp::start().await;
    let id = run(&t).await.endpoint.unwrap();
    change(&t, &id, "", json!({ "enabled_events": &wanted()[1..] }));
    let repaired = run(&t).await;
    assert_eq!((repaired.done, repaired.changes), (Done::Updated, vec!["enabled_events".to_owned()]));
    change(&t, &id, "", json!({ "enabled_events": &wanted()[..1] }));
    change(&t, &id, "/disable", json!({}));
    let preview = webhook_endpoint::run(Args { dry_run: true, ..args() }, &t.operator()).await.unwrap();
    assert_eq!(preview.changes, ["enabled_events", "status"]);
    assert_eq!(destinations(&t)[0]["status"], "disabled");
    assert_eq!(run(&t).await.changes, ["enabled_events", "status"]);
    let [destination] = destinations(&t).try_into().unwrap();
    assert_eq!(
        (&destination["status"], &destination["enabled_events"]),
        (&json!("enabled"), &json!(wanted()))
    );
}

#[tokio::test]
async fn events_that_somebody_added_to_a_destination_stay() {
    let t = TestApp::start().await;
    let id = run(&t).await.endpoint.unwrap();
    let theirs = "v1.billing.meter.no_meter_found".to_owned();
    let with_theirs = [std::slice::from_ref(&theirs), &wanted()[1..]].concat();
    change(&t, &id, "", json!({ "enabled_events": with_theirs }));
    assert_eq!(run(&t).await.changes, ["enabled_events"]);
    let mut all = [&[theirs], &wanted()[..]].concat();
    all.sort_unstable();
    assert_eq!(destinations(&t)[0]["enabled_events"], json!(all));
    assert_eq!(run(&t).await.done, Done::Unchanged);
}

#[tokio::test]
async fn what_else_feeds_the_address_is_told_until_a_person_disables_it() {
    let t = TestApp::start().await;
    let snapshot = webhook_endpoint::run(Args { thin: false, ..args() }, &t.operator()).await.unwrap();
    let snapshot = snapshot.endpoint.unwrap();
    let created = run(&t).await;
    let [advice] = created.advice.try_into().unwrap();
    assert!(advice.contains(&snapshot) && advice.contains("sends snapshot events"), "{advice}");
    change(&t, &snapshot, "/disable", json!({}));
    assert!(run(&t).await.advice.is_empty());
    let second = by_hand(&t, URL, json!({}));
    let [advice] = run(&t).await.advice.try_into().unwrap();
    assert!(advice.contains("sends thin events to the same address"), "{advice}");
    assert!(advice.contains(&second) || advice.contains(&created.endpoint.unwrap()), "{advice}");
}

#[tokio::test]
async fn what_is_for_somebody_else_is_left_alone() {
    let t = TestApp::start().await;
    let connected =
        by_hand(&t, URL, json!({ "events_from": ["@accounts"], "enabled_events": ["v1.invoice.paid"] }));
    by_hand(&t, "https://other.example.com/", json!({ "enabled_events": ["v1.invoice.paid"] }));
    let before = destinations(&t);
    let report = run(&t).await;
    assert_eq!(report.done, Done::Created);
    assert_ne!(report.endpoint.as_deref(), Some(connected.as_str()));
    let ours = report.endpoint.unwrap();
    let after: Vec<Value> = destinations(&t).into_iter().filter(|row| row["id"] != ours.as_str()).collect();
    assert_eq!(after, before);
}

#[tokio::test]
async fn it_is_found_behind_the_first_page_and_made_anew_once_it_was_deleted() {
    let t = TestApp::start().await;
    let first = run(&t).await.endpoint.unwrap();
    for number in 0..25 {
        by_hand(&t, &format!("https://{number}.example.com/"), json!({}));
    }
    assert_eq!(run(&t).await.endpoint.as_deref(), Some(first.as_str()));
    t.stripe.call("DELETE", &format!("{PATH}/{first}"), &json!({})).unwrap();
    let second = run(&t).await;
    assert_eq!((second.done, second.signing_secret.is_some()), (Done::Created, true));
    assert_ne!(second.endpoint.as_deref(), Some(first.as_str()));
}

#[tokio::test]
async fn two_runs_at_once_make_one_destination_and_both_say_its_secret() {
    let t = TestApp::start().await;
    let (one, other) = (t.operator(), t.operator());
    let (first, second) =
        tokio::join!(webhook_endpoint::run(args(), &one), webhook_endpoint::run(args(), &other));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first.endpoint, second.endpoint);
    assert_eq!(first.signing_secret.unwrap().expose(), second.signing_secret.unwrap().expose());
    assert_eq!(destinations(&t).len(), 1);
}

#[tokio::test]
async fn a_key_that_may_not_and_a_stripe_that_struggles() {
    let t = TestApp::start().await;
    let arguments = ["webhook-endpoint", "--url", URL, "--thin"];
    let refused = Fault { path_prefix: PATH.to_owned(), status: 403, ..Fault::default() };
    t.stripe.fail(refused);
    let outcome = t.billing(&arguments).await;
    assert_eq!(outcome.status, 5, "{outcome:?}");
    assert!(outcome.complaint.contains("may not do this"), "{outcome:?}");
    // The work is done, and its answer is lost: the second try gets it.
    let lost = Fault {
        method: Some("POST".to_owned()),
        path_prefix: PATH.to_owned(),
        status: 0,
        ..Fault::default()
    };
    t.stripe.fail(lost);
    let outcome = t.billing(&arguments).await;
    assert!(outcome.status == 0 && outcome.output.contains("whsec_"), "{outcome:?}");
    assert_eq!(destinations(&t).len(), 1);
}
