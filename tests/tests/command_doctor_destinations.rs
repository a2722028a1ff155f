//! `billing doctor`: whether a thin destination is as it should be, and whether two feed one address.

use cli::commands::doctor::Status;
use serde_json::{Value, json};
use shared::stripe::event::{PROCESSED, thin_name};
use stripe_emulator::Fault;

use crate::command_doctor::Deployment;

const PATH: &str = "/v2/core/event_destinations";

fn call(d: &Deployment, path: &str, params: Value) -> Value {
    d.t.stripe.call("POST", path, &params).unwrap()
}

fn disable(d: &Deployment) {
    call(d, &format!("/v1/webhook_endpoints/{}", d.endpoint), json!({ "disabled": true }));
}

fn thin(d: &Deployment, url: &str, events: &[&str]) -> String {
    let events: Vec<String> = events.iter().map(|kind| thin_name(kind)).collect();
    let destination = json!({
        "name": "Thin", "type": "webhook_endpoint", "event_payload": "thin", "enabled_events": events,
        "webhook_endpoint": { "url": url },
    });
    call(d, PATH, destination)["id"].as_str().unwrap().to_owned()
}

fn hook(d: &Deployment) -> String {
    let path = format!("/v1/webhook_endpoints/{}", d.endpoint);
    d.t.stripe.call("GET", &path, &json!({})).unwrap()["url"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_endpoint_and_a_thin_destination_of_one_address_and_then_only_one_of_them() {
    let d = Deployment::start().await;
    let id = thin(&d, &hook(&d), &PROCESSED);
    let complaints = d.complaints(&[]).await;
    let words = format!(
        "{} is sent {} of our events twice, by {} (snapshot) and {id} (thin)",
        hook(&d),
        PROCESSED.len(),
        d.endpoint
    );
    Deployment::found(complaints, "event_destinations", Status::Warning, &words);
    disable(&d);
    assert_eq!(d.complaints(&[]).await, []);
}

#[tokio::test]
async fn two_of_one_form_of_one_address() {
    let d = Deployment::start().await;
    let endpoint = json!({ "url": hook(&d), "enabled_events": ["*"] });
    let second = call(&d, "/v1/webhook_endpoints", endpoint)["id"].clone();
    let complaints = d.complaints(&[]).await;
    Deployment::found(complaints, "event_destinations", Status::Warning, second.as_str().unwrap());
    disable(&d);
    call(&d, &format!("{PATH}/{}/disable", second.as_str().unwrap()), json!({}));
    let (one, other) = (thin(&d, &hook(&d), &PROCESSED), thin(&d, &hook(&d), &PROCESSED[..1]));
    let complaints = d.complaints(&[]).await;
    let words = format!("is sent 1 of our events twice, by {one} (thin) and {other} (thin)");
    Deployment::found(complaints, "event_destinations", Status::Warning, &words);
}

#[tokio::test]
async fn a_thin_destination_that_lacks_an_event_or_is_disabled() {
    let d = Deployment::start().await;
    disable(&d);
    let id = thin(&d, &hook(&d), &PROCESSED[1..]);
    let words = format!("is not sent {}", thin_name(PROCESSED[0]));
    let complaints = d.complaints(&[]).await;
    Deployment::found(complaints.clone(), "webhook_endpoint", Status::Failing, &words);
    Deployment::found(
        complaints,
        "webhook_endpoint",
        Status::Failing,
        "billing webhook-endpoint --thin --url",
    );
    call(&d, &format!("{PATH}/{id}"), json!({ "enabled_events": ["*"] }));
    assert_eq!(d.complaints(&[]).await, []);
    call(&d, &format!("{PATH}/{id}/disable"), json!({}));
    Deployment::found(d.complaints(&[]).await, "webhook_endpoint", Status::Failing, "is disabled");
}

#[tokio::test]
async fn those_of_another_address_or_of_other_events_or_accounts_feed_nothing_twice() {
    let d = Deployment::start().await;
    thin(&d, "https://other.example.com/", &["product.created"]);
    thin(&d, &hook(&d), &["product.created"]);
    let connected = json!({
        "name": "Connected", "type": "webhook_endpoint", "event_payload": "thin", "enabled_events": ["*"],
        "webhook_endpoint": { "url": hook(&d) }, "events_from": ["@accounts"],
    });
    call(&d, PATH, connected);
    assert_eq!(d.complaints(&[]).await, []);
}

#[tokio::test]
async fn a_key_that_may_read_endpoints_alone() {
    let d = Deployment::start().await;
    d.t.stripe.fail(Fault { path_prefix: "/v2/".to_owned(), status: 403, ..Fault::default() });
    let complaints = d.complaints(&[]).await;
    Deployment::found(complaints, "event_destinations", Status::Warning, "may not do this (403");
}
