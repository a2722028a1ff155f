//! Whole stories through the emulator: a checkout's events, time that moves on, a delivery that is repeated.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use crate::{Emulator, Fault, Options, Order, sign};

const MONTH: i64 = 31 * 86_400;

pub(super) async fn emulator() -> Emulator {
    let retry_delays = vec![Duration::from_millis(20); 3];
    Emulator::start(Options { retry_delays, ..Options::default() }).await.unwrap()
}

pub(super) fn price(emulator: &Emulator, key: &str, amount: i64) -> Value {
    let params = json!({
        "currency": "usd", "unit_amount": amount, "lookup_key": key,
        "recurring": { "interval": "month" }, "product_data": { "name": key },
    });
    emulator.call("POST", "/v1/prices", &params).unwrap()
}

pub(super) fn subscription(emulator: &Emulator, more: Value) -> String {
    let price = price(emulator, "pro", 4900);
    let customer = emulator.call("POST", "/v1/customers", &json!({ "email": "a@b.c" })).unwrap();
    let mut params = json!({ "customer": customer["id"], "items": [{ "price": price["id"] }] });
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    emulator.create_subscription(&params).unwrap()["id"].as_str().unwrap().to_owned()
}

pub(super) fn status(emulator: &Emulator, id: &str) -> String {
    emulator.subscription(id).unwrap()["status"].as_str().unwrap().to_owned()
}

pub(super) fn types(emulator: &Emulator) -> Vec<String> {
    emulator.events().iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_checkout_tells_its_story_in_order() {
    let emulator = emulator().await;
    let price = price(&emulator, "pro", 4900);
    let params = json!({
        "mode": "subscription", "success_url": "http://app/ok?s={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://app/no",
        "line_items": [{ "price": price["id"], "quantity": 2 }],
        "subscription_data": { "metadata": { "org_id": "7" } }, "client_reference_id": "7",
    });
    let session = emulator.call("POST", "/v1/checkout/sessions", &params).unwrap();
    let before = types(&emulator).len();
    let paid = emulator.pay_checkout_session(session["id"].as_str().unwrap()).unwrap();
    let expected = [
        "customer.created",
        "customer.subscription.created",
        "invoice.created",
        "payment_intent.created",
        "invoice.finalized",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice_payment.paid",
        "customer.subscription.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
        "checkout.session.completed",
    ];
    assert_eq!(types(&emulator)[before..], expected);
    let events = emulator.events();
    assert_eq!(events[before + 1]["data"]["object"]["status"], "incomplete");
    assert_eq!(events[before + 8]["data"]["previous_attributes"], json!({ "status": "incomplete" }));
    assert_eq!((&paid["status"], &paid["payment_status"]), (&json!("complete"), &json!("paid")));
    let subscription = emulator.subscription(paid["subscription"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&subscription["status"], &subscription["metadata"]["org_id"]),
        (&json!("active"), &json!("7"))
    );
    let old = emulator.event_as(events[before + 9]["id"].as_str().unwrap(), "2024-06-20").unwrap();
    assert_eq!(old["data"]["object"]["subscription"], subscription["id"]);
}

#[tokio::test]
async fn time_renews_retries_and_ends() {
    let emulator = emulator().await;
    emulator.set_now(1_790_000_000);
    let id = subscription(&emulator, json!({}));
    emulator.advance(MONTH);
    assert_eq!(status(&emulator, &id), "active");
    emulator.renew(&id, false).unwrap();
    assert_eq!(status(&emulator, &id), "past_due");
    emulator.pay_open_invoice(&id).unwrap();
    assert_eq!(status(&emulator, &id), "active");
    emulator.set_card(&id, false).unwrap();
    emulator.advance(2 * MONTH + 4 * 86_400);
    assert_eq!(status(&emulator, &id), "past_due");
    let failed = types(&emulator).iter().filter(|kind| *kind == "invoice.payment_failed").count();
    emulator.advance(MONTH);
    assert_eq!(status(&emulator, &id), "canceled");
    let failed_later = types(&emulator).iter().filter(|kind| *kind == "invoice.payment_failed").count();
    assert_eq!((failed, failed_later), (3, 5));
}

#[tokio::test]
async fn a_trial_warns_then_charges_and_a_scheduled_end_comes() {
    let emulator = emulator().await;
    emulator.set_now(1_790_000_000);
    let id = subscription(&emulator, json!({ "trial_period_days": 14 }));
    assert_eq!(status(&emulator, &id), "trialing");
    emulator.advance(12 * 86_400);
    assert_eq!(types(&emulator).last().unwrap(), "customer.subscription.trial_will_end");
    emulator.advance(3 * 86_400);
    assert_eq!(status(&emulator, &id), "active");
    emulator.cancel_at_period_end(&id, true).unwrap();
    emulator.advance(MONTH);
    assert_eq!(status(&emulator, &id), "canceled");
    assert_eq!(types(&emulator).last().unwrap(), "customer.subscription.deleted");
}

#[derive(Clone, Default)]
pub(super) struct Inbox(pub(super) Arc<Mutex<Vec<(HeaderMap, Bytes)>>>);

impl Inbox {
    /// Listens; the first `failures` deliveries are refused.
    pub(super) async fn open(failures: usize) -> (Inbox, String) {
        let inbox = Inbox::default();
        let receive = move |State(inbox): State<Inbox>, headers: HeaderMap, body: Bytes| async move {
            let mut letters = inbox.0.lock().unwrap();
            letters.push((headers, body));
            if letters.len() > failures { StatusCode::OK } else { StatusCode::INTERNAL_SERVER_ERROR }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let router = Router::new().route("/hook", post(receive)).with_state(inbox.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (inbox, url)
    }

    pub(super) async fn wait_for(&self, count: usize) -> Vec<Value> {
        for _ in 0..500 {
            if self.0.lock().unwrap().len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let letters = self.0.lock().unwrap();
        letters.iter().map(|(_, body)| serde_json::from_slice(body).unwrap()).collect()
    }
}

#[tokio::test]
async fn a_refused_delivery_comes_again_and_is_signed() {
    let emulator = emulator().await;
    let (inbox, url) = Inbox::open(1).await;
    let params = json!({ "url": url, "enabled_events": ["customer.created"] });
    let endpoint = emulator.call("POST", "/v1/webhook_endpoints", &params);
    // The secret is in no answer but the first.
    let secret = endpoint.unwrap()["secret"].as_str().unwrap().to_owned();
    emulator.call("POST", "/v1/customers", &json!({})).unwrap();
    let letters = inbox.wait_for(2).await;
    assert_eq!(letters[0]["id"], letters[1]["id"]);
    let (headers, body) = inbox.0.lock().unwrap()[1].clone();
    let signature = headers["stripe-signature"].to_str().unwrap().to_owned();
    let timestamp = signature[2..].split(',').next().unwrap().parse().unwrap();
    assert_eq!(signature, sign(&body, &secret, timestamp));
}

#[tokio::test]
async fn held_events_are_released_in_reverse() {
    let emulator = emulator().await;
    let (inbox, url) = Inbox::open(0).await;
    emulator.call("POST", "/v1/webhook_endpoints", &json!({ "url": url, "enabled_events": ["*"] })).unwrap();
    emulator.hold();
    subscription(&emulator, json!({}));
    let happened = emulator.events();
    assert_eq!(emulator.release(Order::Reversed), happened.len());
    let mut arrived: Vec<Value> = inbox.wait_for(happened.len()).await;
    arrived.reverse();
    let ids = |events: &[Value]| -> Vec<Value> { events.iter().map(|event| event["id"].clone()).collect() };
    assert_eq!(ids(&arrived), ids(&happened));
}

#[tokio::test]
async fn a_dropped_answer_still_did_its_work_and_is_replayed() {
    let emulator = emulator().await;
    emulator.fail(Fault { path_prefix: "/v1/customers".into(), status: 0, ..Fault::default() });
    let http = reqwest::Client::new();
    let url = format!("{}/v1/customers", emulator.url());
    let send = || {
        let request = http.post(&url).bearer_auth(emulator.secret_key()).header("idempotency-key", "k");
        request.form(&[("email", "a@b.c")]).send()
    };
    assert!(send().await.is_err());
    let answer = send().await.unwrap();
    assert_eq!(answer.headers()["idempotent-replayed"], "true");
    assert_eq!(types(&emulator), ["customer.created"]);
    let statuses: Vec<u16> = emulator.requests().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [0, 200]);
    emulator.stop().await;
    assert!(send().await.is_err());
}
