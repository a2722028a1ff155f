//! Thin events: what destinations are sent, and what API v2 answers.

use reqwest::Method;
use serde_json::{Value, json};

use super::stories::{Inbox, emulator, subscription};
use crate::{Emulator, Order, sign};

pub(super) const DESTINATIONS: &str = "/v2/core/event_destinations";

pub(super) fn wish(url: &str, events: &[&str]) -> Value {
    json!({
        "name": "Mine", "type": "webhook_endpoint", "event_payload": "thin", "enabled_events": events,
        "webhook_endpoint": { "url": url },
        "include": ["webhook_endpoint.signing_secret", "webhook_endpoint.url"],
    })
}

pub(super) fn open(emulator: &Emulator, url: &str, events: &[&str]) -> Value {
    emulator.call("POST", DESTINATIONS, &wish(url, events)).unwrap()
}

pub(super) fn path(destination: &Value, act: &str) -> String {
    format!("{DESTINATIONS}/{}{act}", destination["id"].as_str().unwrap())
}

pub(super) fn get(emulator: &Emulator, path: &str, params: Value) -> Value {
    emulator.call("GET", path, &params).unwrap()
}

/// A call over HTTP: the status, and the body.
pub(super) async fn http(
    emulator: &Emulator,
    method: Method,
    path: &str,
    body: Option<&Value>,
    key: &str,
) -> (u16, Value) {
    let request = reqwest::Client::new().request(method, format!("{}{path}", emulator.url()));
    let request = request.bearer_auth(emulator.secret_key()).header("idempotency-key", key);
    let request = match body {
        Some(body) => request.header("content-type", "application/json").body(body.to_string()),
        None => request,
    };
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap())
}

#[tokio::test]
async fn a_destination_is_sent_a_thin_event_signed_again_at_each_try() {
    let emulator = emulator().await;
    let (inbox, url) = Inbox::open(1).await;
    emulator.set_now(1_790_000_000);
    let destination = open(&emulator, &url, &["v1.customer.created"]);
    let customer = emulator.call("POST", "/v1/customers", &json!({})).unwrap();
    emulator.call("POST", "/v1/products", &json!({ "name": "Not asked for" })).unwrap();
    let letters = inbox.wait_for(2).await;
    assert_eq!(letters[0], letters[1]);
    let snapshot = &emulator.events()[0];
    let id = format!("evt_test_65{}", &snapshot["id"].as_str().unwrap()[4..]);
    let expected = json!({
        "id": id, "object": "v2.core.event", "type": "v1.customer.created", "context": null,
        "livemode": false, "created": "2026-09-21T14:13:20.000Z", "reason": null,
        "snapshot_event": snapshot["id"],
        "related_object": {
            "id": customer["id"], "type": "customer",
            "url": format!("/v1/customers/{}", customer["id"].as_str().unwrap()),
        },
    });
    assert_eq!(letters[0], expected);
    let (headers, body) = inbox.0.lock().unwrap()[1].clone();
    let signature = headers["stripe-signature"].to_str().unwrap().to_owned();
    let timestamp = signature[2..].split(',').next().unwrap().parse().unwrap();
    let secret = destination["webhook_endpoint"]["signing_secret"].as_str().unwrap();
    assert_eq!(signature, sign(&body, secret, timestamp));
}

#[tokio::test]
async fn both_forms_go_side_by_side_and_are_held_and_shuffled_alike() {
    let emulator = emulator().await;
    let (thin, thin_url) = Inbox::open(0).await;
    let (snapshots, url) = Inbox::open(0).await;
    open(&emulator, &thin_url, &["*"]);
    emulator.call("POST", "/v1/webhook_endpoints", &json!({ "url": url, "enabled_events": ["*"] })).unwrap();
    emulator.hold();
    subscription(&emulator, json!({}));
    let count = emulator.events().len();
    assert_eq!(emulator.release(Order::Shuffled), 2 * count);
    let named = |letters: Vec<Value>, field: &str| {
        let mut ids: Vec<String> =
            letters.iter().map(|letter| letter[field].as_str().unwrap().to_owned()).collect();
        ids.sort_unstable();
        ids
    };
    let happened = named(emulator.events(), "id");
    assert_eq!(named(thin.wait_for(count).await, "snapshot_event"), happened);
    assert_eq!(named(snapshots.wait_for(count).await, "id"), happened);
}

#[tokio::test]
async fn an_event_is_delivered_again_and_dropped_by_the_id_of_either_form() {
    let emulator = emulator().await;
    let (inbox, url) = Inbox::open(0).await;
    open(&emulator, &url, &["v1.customer.created"]);
    emulator.hold();
    emulator.call("POST", "/v1/customers", &json!({})).unwrap();
    emulator.call("POST", "/v1/customers", &json!({})).unwrap();
    let ids: Vec<String> =
        emulator.events().iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect();
    let thin = emulator.event_as_thin(&ids[0]).unwrap()["id"].clone();
    emulator.drop_event(thin.as_str().unwrap()).unwrap();
    assert_eq!(emulator.release(Order::InOrder), 1);
    assert_eq!(inbox.wait_for(1).await[0]["snapshot_event"], ids[1].as_str());
    let thin = emulator.event_as_thin(&ids[1]).unwrap()["id"].clone();
    emulator.deliver(thin.as_str().unwrap(), std::time::Duration::ZERO).unwrap();
    assert_eq!(inbox.wait_for(2).await[1]["id"], thin);
    assert!(emulator.deliver("evt_test_65none", std::time::Duration::ZERO).is_err());
}

#[tokio::test]
async fn what_a_thin_event_names_is_where_it_says() {
    let emulator = emulator().await;
    let subscription = subscription(&emulator, json!({}));
    let session = json!({
        "mode": "subscription", "success_url": "http://app/ok",
        "line_items": [{ "price": get(&emulator, "/v1/prices", json!({}))["data"][0]["id"], "quantity": 1 }],
    });
    let session = emulator.call("POST", "/v1/checkout/sessions", &session).unwrap();
    emulator.pay_checkout_session(session["id"].as_str().unwrap()).unwrap();
    emulator.renew(&subscription, false).unwrap();
    let mut types = Vec::new();
    let all = get(&emulator, "/v2/core/events", json!({ "limit": 100 }));
    for event in all["data"].as_array().unwrap() {
        let related = &event["related_object"];
        let object = get(&emulator, related["url"].as_str().unwrap(), json!({}));
        assert_eq!((&object["id"], &object["object"]), (&related["id"], &related["type"]), "{event}");
        types.push(event["type"].as_str().unwrap());
    }
    assert_eq!(types.len(), emulator.events().len());
    assert!(types.contains(&"v1.checkout.session.completed") && types.contains(&"v1.invoice.payment_failed"));
}

#[tokio::test]
async fn a_ping_reaches_a_destination_whatever_it_wants_unless_it_is_disabled() {
    let emulator = emulator().await;
    let (inbox, url) = Inbox::open(0).await;
    let destination = open(&emulator, &url, &["v1.invoice.paid"]);
    let disabled = emulator.call("POST", &path(&destination, "/disable"), &json!({})).unwrap();
    assert_eq!(disabled["status_details"], json!({ "disabled": { "reason": "user" } }));
    emulator.call("POST", &path(&destination, "/ping"), &json!({})).unwrap();
    let enabled = emulator.call("POST", &path(&destination, "/enable"), &json!({})).unwrap();
    assert_eq!((&enabled["status"], &enabled["status_details"]), (&json!("enabled"), &json!(null)));
    let ping = emulator.call("POST", &path(&destination, "/ping"), &json!({})).unwrap();
    let letters = inbox.wait_for(1).await;
    assert_eq!((letters.len(), &letters[0]["id"]), (1, &ping["id"]));
    assert_eq!(letters[0]["type"], "v2.core.event_destination.ping");
    let related = json!({
        "id": destination["id"], "type": "v2.core.event_destination", "url": path(&destination, ""),
    });
    assert_eq!((&letters[0]["related_object"], letters[0].get("snapshot_event")), (&related, None));
    assert!(emulator.events().is_empty(), "API v1 does not know it");
    assert_eq!(get(&emulator, "/v1/events", json!({}))["data"], json!([]));
    let fetched = get(&emulator, &format!("/v2/core/events/{}", ping["id"].as_str().unwrap()), json!({}));
    assert_eq!(fetched, ping);
}

#[tokio::test]
async fn events_are_read_and_listed_with_what_changed() {
    let emulator = emulator().await;
    emulator.set_now(1_790_000_000);
    let customer = emulator.call("POST", "/v1/customers", &json!({ "name": "Ada" })).unwrap();
    emulator.set_now(1_790_000_060);
    let change = format!("/v1/customers/{}", customer["id"].as_str().unwrap());
    emulator.call("POST", &change, &json!({ "name": "Ada L.", "metadata": { "a": "b" } })).unwrap();
    emulator.call("POST", "/v1/products", &json!({ "name": "Pro" })).unwrap();
    let types = |params: Value| -> Vec<Value> {
        let list = get(&emulator, "/v2/core/events", params);
        list["data"].as_array().unwrap().iter().map(|event| event["type"].clone()).collect()
    };
    let (created, updated) = ("v1.customer.created", "v1.customer.updated");
    assert_eq!(types(json!({ "object_id": customer["id"] })), [updated, created]);
    assert_eq!(types(json!({ "types": [created, "v1.product.created"] })), ["v1.product.created", created]);
    assert_eq!(types(json!({ "created": { "lt": "2026-09-21T14:14:20Z" } })), [created]);
    assert_eq!(
        types(json!({ "created": { "gt": "2026-09-21T14:13:20Z" }, "object_id": customer["id"] })),
        [updated]
    );
    assert!(emulator.call("GET", "/v2/core/events", &json!({ "created": { "gt": "1790000000" } })).is_err());
    let list = get(&emulator, "/v2/core/events", json!({ "object_id": customer["id"], "limit": 1 }));
    let changes = json!({
        "before": { "name": "Ada", "metadata": { "a": null } },
        "after": { "name": "Ada L.", "metadata": { "a": "b" } },
    });
    assert_eq!(list["data"][0]["changes"], changes);
    let (status, next) =
        http(&emulator, Method::GET, list["next_page_url"].as_str().unwrap(), None, "").await;
    assert_eq!(
        (status, &next["data"][0]["type"], &next["data"][0]["changes"]),
        (200, &json!(created), &json!(null))
    );
    assert_eq!(next["next_page_url"], json!(null));
    let (_, back) = http(&emulator, Method::GET, next["previous_page_url"].as_str().unwrap(), None, "").await;
    assert_eq!(back["data"], list["data"]);
}
