//! `/v2/core/event_destinations`: what is created, shown, changed and refused.

use reqwest::Method;
use serde_json::{Value, json};

use super::stories::{Inbox, emulator};
use super::thin::{DESTINATIONS, get, http, open, path, wish};
use crate::{Emulator, Fault, Options};

#[tokio::test]
async fn the_secret_is_in_the_first_answer_only_and_the_address_where_it_is_asked_for() {
    let emulator = emulator().await;
    let plain = json!({
        "name": "Plain", "type": "webhook_endpoint", "event_payload": "thin",
        "enabled_events": ["v1.invoice.paid"], "webhook_endpoint": { "url": "https://app.example.com/" },
        "description": "Why", "metadata": { "a": "b" },
    });
    let plain = emulator.call("POST", DESTINATIONS, &plain).unwrap();
    let hidden = json!({ "signing_secret": null, "url": null });
    assert_eq!(plain["webhook_endpoint"], hidden);
    for (field, value) in [
        ("object", json!("v2.core.event_destination")),
        ("event_payload", json!("thin")),
        ("events_from", json!(["@self"])),
        ("livemode", json!(false)),
        ("metadata", json!({ "a": "b" })),
        ("snapshot_api_version", json!(null)),
        ("status", json!("enabled")),
        ("status_details", json!(null)),
        ("updated", plain["created"].clone()),
    ] {
        assert_eq!(plain[field], value, "{field}");
    }
    let full = open(&emulator, "https://app.example.com/", &["v1.invoice.paid"]);
    assert!(full["webhook_endpoint"]["signing_secret"].as_str().unwrap().starts_with("whsec_"));
    let with_url = json!({ "include": ["webhook_endpoint.url"] });
    let shown = json!({ "signing_secret": null, "url": "https://app.example.com/" });
    assert_eq!(get(&emulator, &path(&full, ""), with_url.clone())["webhook_endpoint"], shown);
    assert_eq!(get(&emulator, &path(&full, ""), json!({}))["webhook_endpoint"], hidden);
    let secret = json!({ "include": ["webhook_endpoint.signing_secret"] });
    assert!(emulator.call("GET", &path(&full, ""), &secret).is_err());
    for row in get(&emulator, DESTINATIONS, with_url)["data"].as_array().unwrap() {
        assert_eq!(row["webhook_endpoint"], shown);
        assert!(row.as_object().unwrap().keys().all(|name| !name.starts_with('_')));
    }
}

#[tokio::test]
async fn webhook_endpoints_of_api_v1_are_destinations_of_snapshot_events() {
    let emulator = emulator().await;
    let (inbox, url) = Inbox::open(0).await;
    let endpoint = json!({ "url": url, "enabled_events": ["customer.created"], "api_version": "2024-06-20" });
    let endpoint = emulator.call("POST", "/v1/webhook_endpoints", &endpoint).unwrap();
    open(&emulator, "https://app.example.com/", &["*"]);
    let all = get(&emulator, DESTINATIONS, json!({ "include": ["webhook_endpoint.url"] }));
    let row = all["data"].as_array().unwrap().iter().find(|row| row["id"] == endpoint["id"]).unwrap();
    assert_eq!(
        (&row["event_payload"], &row["snapshot_api_version"], &row["webhook_endpoint"]["url"]),
        (&json!("snapshot"), &json!("2024-06-20"), &json!(url))
    );
    assert_eq!(get(&emulator, "/v1/webhook_endpoints", json!({}))["data"].as_array().unwrap().len(), 1);
    let renamed = json!({ "name": "Old", "enabled_events": ["product.created"] });
    let renamed = emulator.call("POST", &path(&endpoint, ""), &renamed).unwrap();
    assert_eq!((&renamed["name"], &renamed["enabled_events"]), (&json!("Old"), &json!(["product.created"])));
    emulator.call("POST", "/v1/products", &json!({ "name": "Pro" })).unwrap();
    assert_eq!(inbox.wait_for(1).await[0]["api_version"], "2024-06-20");
    emulator.call("POST", &path(&endpoint, "/disable"), &json!({})).unwrap();
    assert_eq!(
        get(&emulator, "/v1/webhook_endpoints", json!({}))["data"][0],
        json!({
            "id": endpoint["id"], "object": "webhook_endpoint", "api_version": "2024-06-20",
            "application": null, "created": endpoint["created"], "description": null,
            "enabled_events": ["product.created"],
            "livemode": false, "metadata": {}, "status": "disabled", "url": url,
        })
    );
    emulator.call("DELETE", &path(&endpoint, ""), &json!({})).unwrap();
    assert_eq!(get(&emulator, "/v1/webhook_endpoints", json!({}))["data"], json!([]));
}

#[tokio::test]
async fn a_destination_of_snapshot_events_is_sent_them_in_its_version() {
    let emulator = emulator().await;
    let (inbox, url) = Inbox::open(0).await;
    let mut snapshot = wish(&url, &["customer.created"]);
    snapshot["event_payload"] = json!("snapshot");
    snapshot["snapshot_api_version"] = json!("2025-09-30.clover");
    emulator.call("POST", DESTINATIONS, &snapshot).unwrap();
    emulator.call("POST", "/v1/customers", &json!({})).unwrap();
    let letter = inbox.wait_for(1).await.remove(0);
    assert_eq!((&letter["object"], &letter["api_version"]), (&json!("event"), &json!("2025-09-30.clover")));
}

#[tokio::test]
async fn a_destination_is_changed_and_deleted() {
    let emulator = emulator().await;
    emulator.set_now(1_790_000_000);
    let destination = open(&emulator, "https://app.example.com/", &["v1.invoice.paid"]);
    emulator.set_now(1_790_000_060);
    let change = json!({
        "name": "Other", "description": "Why", "metadata": { "a": "b" },
        "enabled_events": ["v1.customer.created"],
        "webhook_endpoint": { "url": "https://other.example.com/" }, "include": ["webhook_endpoint.url"],
    });
    let changed = emulator.call("POST", &path(&destination, ""), &change).unwrap();
    for field in ["name", "description", "metadata", "enabled_events"] {
        assert_eq!(changed[field], change[field], "{field}");
    }
    assert_eq!(changed["webhook_endpoint"]["url"], "https://other.example.com/");
    assert_eq!(
        (&changed["created"], &changed["updated"]),
        (&destination["created"], &json!("2026-09-21T14:14:20.000Z"))
    );
    let gone = emulator.call("DELETE", &path(&destination, ""), &json!({})).unwrap();
    assert_eq!(gone, json!({ "id": destination["id"], "object": "v2.core.event_destination" }));
    let (status, error) = http(&emulator, Method::GET, &path(&destination, ""), None, "").await;
    assert_eq!((status, &error["error"]["code"]), (404, &json!("not_found")));
}

#[tokio::test]
async fn a_wish_that_stripe_would_refuse_is_refused_by_field() {
    let emulator = emulator().await;
    let good = wish("https://app.example.com/", &["v1.invoice.paid"]);
    for (field, value, expected) in [
        ("name", json!(null), "name: This field is required."),
        ("enabled_events", json!([]), "enabled_events: This field is required."),
        ("enabled_events", json!(["invoice.paid"]), "enabled_events[0]: 'invoice.paid' is not a thin event."),
        ("event_payload", json!("fat"), "event_payload: "),
        ("type", json!("pigeon"), "type: "),
        ("webhook_endpoint", json!({ "url": "app.example.com" }), "webhook_endpoint.url: Invalid URL"),
        ("snapshot_api_version", json!("2024-06-20"), "snapshot_api_version: "),
        ("include", json!(["webhook_endpoint"]), "include[0]: Unrecognized enum value 'webhook_endpoint'"),
        ("color", json!("red"), "color: Unrecognized field."),
    ] {
        let mut wrong = good.clone();
        wrong[field] = value;
        let (status, body) = http(&emulator, Method::POST, DESTINATIONS, Some(&wrong), field).await;
        let error = &body["error"];
        assert_eq!((status, &error["code"]), (400, &json!("invalid_fields")), "{body}");
        let message = error["message"].as_str().unwrap();
        assert!(
            message.starts_with(&format!("Some fields in the request were invalid: '{expected}")),
            "{message}"
        );
    }
    let live = Options { secret_key: "sk_live_1".into(), ..Options::default() };
    let live = Emulator::start(live).await.unwrap();
    assert!(live.call("POST", DESTINATIONS, &wish("http://app.example.com/", &["*"])).is_err());
    assert!(open(&live, "https://app.example.com/", &["*"])["id"].as_str().unwrap().starts_with("ed_61"));
    assert_eq!(get(&emulator, DESTINATIONS, json!({}))["data"], json!([]));
}

#[tokio::test]
async fn keys_faults_and_bodies_over_http() {
    let emulator = emulator().await;
    let good = wish("https://app.example.com/", &["v1.invoice.paid"]);
    let post = |body: Value, key: &'static str| {
        let emulator = emulator.clone();
        async move { http(&emulator, Method::POST, DESTINATIONS, Some(&body), key).await }
    };
    let (first, again) = (post(good.clone(), "k").await, post(good.clone(), "k").await);
    assert_eq!((first.0, &first), (200, &again));
    let other = post(wish("https://other.example.com/", &["*"]), "k").await;
    assert_eq!((other.0, &other.1["error"]["type"]), (409, &json!("idempotency_error")));
    emulator.fail(Fault {
        path_prefix: "/v2/".into(),
        status: 429,
        retry_after: Some(1),
        ..Fault::default()
    });
    let slow = post(good, "l").await;
    assert_eq!((slow.0, &slow.1["error"]["type"]), (429, &json!("rate_limit")));
    let form = reqwest::Client::new().post(format!("{}{DESTINATIONS}", emulator.url()));
    let form = form.bearer_auth(emulator.secret_key()).body("name=Mine").send().await.unwrap();
    assert_eq!(form.status(), 400);
    let delete = path(&first.1, "");
    let (gone, again) = (
        http(&emulator, Method::DELETE, &delete, None, "d").await,
        http(&emulator, Method::DELETE, &delete, None, "d").await,
    );
    assert_eq!((gone.0, &gone), (200, &again));
}
