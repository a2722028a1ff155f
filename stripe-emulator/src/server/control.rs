//! `/_emulator`: what scripts and the panel ask of the emulator itself. JSON in, JSON out, no key: it only
//! listens on the loopback interface.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::control_money;
use super::outcome::{Outcome, no_such_act};
use crate::delivery::mode::{DeliveryMode, Order};
use crate::emulator::Emulator;
use crate::store::faults::Fault;
use crate::store::{Kind, Store};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::versions::{NEWEST, render};

pub(crate) fn router() -> Router<Emulator> {
    Router::new()
        .route("/state", get(state))
        .route("/requests", get(requests))
        .route("/advance", post(advance))
        .route("/freeze", post(freeze))
        .route("/renew", post(renew))
        .route("/pay", post(pay))
        .route("/checkout/{id}/{act}", post(checkout))
        .route("/portal/{act}", post(portal))
        .route("/deliver", post(deliver))
        .route("/delivery", post(set_delivery))
        .route("/hold", post(hold))
        .route("/release", post(release))
        .route("/fail", post(fail))
        .merge(control_money::router())
}

/// What becomes of a subscription; each act uses the fields it needs.
#[derive(Debug, Deserialize)]
struct Act {
    subscription: String,
    #[serde(default = "yes")]
    succeeds: bool,
    #[serde(default = "yes")]
    cancel: bool,
    lookup_key: Option<String>,
    quantity: Option<i64>,
    status: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Seconds {
    seconds: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Settlement {
    succeeds: bool,
}

#[derive(Debug, Deserialize)]
struct Deliver {
    event: String,
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    delay_seconds: u64,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    /// Once more, at once.
    #[default]
    Again,
    /// Once more, after the delay.
    Late,
    /// Two copies at the same time.
    Twice,
    /// Never again.
    Drop,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Release {
    order: Order,
}

fn yes() -> bool {
    true
}

async fn state(State(emulator): State<Emulator>) -> Json<Value> {
    let delivery = emulator.delivery();
    let mut state = emulator.act(|store| snapshot(store));
    state["delivery"] = json!(delivery);
    Json(state)
}

fn snapshot(store: &Store) -> Value {
    let rows = |kind: Kind| -> Value { store.rows(kind).iter().map(|row| render(row, NEWEST)).collect() };
    let events: Vec<Value> = store
        .events
        .all()
        .iter()
        .map(|event| {
            let attempts = || event.deliveries.iter().map(|delivery| &delivery.attempts);
            json!({
                "id": event.id,
                "type": event.kind,
                "created": event.created,
                "deliveries": event.deliveries,
                "attempts": attempts().map(Vec::len).sum::<usize>(),
                "last_status": attempts().filter_map(|attempts| attempts.last()).next_back(),
            })
        })
        .collect();
    json!({
        "now": store.now(),
        "livemode": store.livemode,
        "customers": rows(Kind::Customer),
        "subscriptions": rows(Kind::Subscription),
        "sessions": rows(Kind::CheckoutSession),
        "charges": rows(Kind::Charge),
        "refunds": rows(Kind::Refund),
        "disputes": rows(Kind::Dispute),
        "payment_links": rows(Kind::PaymentLink),
        "webhook_endpoints": rows(Kind::WebhookEndpoint),
        "event_destinations": rows(Kind::EventDestination),
        "events": events,
        "faults": store.faults,
    })
}

async fn requests(State(emulator): State<Emulator>) -> Json<Value> {
    Json(json!({ "requests": emulator.requests() }))
}

async fn advance(State(emulator): State<Emulator>, Json(by): Json<Seconds>) -> Json<Value> {
    emulator.advance(by.seconds);
    Json(json!({ "now": emulator.now() }))
}

async fn freeze(State(emulator): State<Emulator>, Json(at): Json<Seconds>) -> Json<Value> {
    emulator.set_now(at.seconds);
    Json(json!({ "now": emulator.now() }))
}

async fn renew(State(emulator): State<Emulator>, Json(act): Json<Act>) -> Outcome {
    Outcome(emulator.renew(&act.subscription, act.succeeds))
}

async fn pay(State(emulator): State<Emulator>, Json(act): Json<Act>) -> Outcome {
    Outcome(emulator.pay_open_invoice(&act.subscription))
}

async fn checkout(
    State(emulator): State<Emulator>,
    Path((id, act)): Path<(String, String)>,
    settlement: Option<Json<Settlement>>,
) -> Outcome {
    Outcome(match act.as_str() {
        "pay" => emulator.pay_checkout_session(&id),
        "decline" => emulator.decline_checkout_session(&id),
        "abandon" => emulator.abandon_checkout_session(&id),
        "settle" => {
            emulator.settle_checkout_session(&id, settlement.is_none_or(|Json(given)| given.succeeds))
        }
        other => Err(no_such_act(other)),
    })
}

async fn portal(State(emulator): State<Emulator>, Path(name): Path<String>, Json(act): Json<Act>) -> Outcome {
    Outcome(subscription_act(&emulator, &name, &act))
}

fn subscription_act(emulator: &Emulator, name: &str, act: &Act) -> Answer {
    let id = &act.subscription;
    match name {
        "cancel_now" => emulator.cancel_now(id),
        "cancel_at_period_end" => emulator.cancel_at_period_end(id, act.cancel),
        "resume" => emulator.resume(id),
        "change_plan" => match &act.lookup_key {
            Some(key) => emulator.change_plan(id, key),
            None => Err(ApiError::missing_param("lookup_key")),
        },
        "change_quantity" => match act.quantity {
            Some(quantity) => emulator.change_quantity(id, quantity),
            None => Err(ApiError::missing_param("quantity")),
        },
        "upgrade" => match &act.lookup_key {
            Some(key) => emulator.upgrade(id, key, act.quantity.unwrap_or(1)),
            None => Err(ApiError::missing_param("lookup_key")),
        },
        "pay_open_invoice" => emulator.pay_open_invoice(id),
        "pause_collection" => emulator.pause_collection(id),
        "resume_collection" => emulator.resume_collection(id),
        "set_card" => emulator.set_card(id, act.succeeds),
        "set_status" => emulator.set_status(id, act.status.as_deref().unwrap_or_default()),
        other => Err(no_such_act(other)),
    }
}

async fn deliver(State(emulator): State<Emulator>, Json(wish): Json<Deliver>) -> Outcome {
    let later = Duration::from_secs(wish.delay_seconds);
    let event = &wish.event;
    let done = match wish.mode {
        Mode::Again => emulator.deliver(event, Duration::ZERO),
        Mode::Late => emulator.deliver(event, later),
        Mode::Twice => emulator.deliver_twice(event, later),
        Mode::Drop => emulator.drop_event(event),
    };
    Outcome(done.map(|()| json!({ "event": event })))
}

async fn set_delivery(
    State(emulator): State<Emulator>,
    Json(mode): Json<DeliveryMode>,
) -> Json<DeliveryMode> {
    emulator.set_delivery(mode);
    Json(emulator.delivery())
}

async fn hold(State(emulator): State<Emulator>) -> Json<DeliveryMode> {
    emulator.hold();
    Json(emulator.delivery())
}

async fn release(State(emulator): State<Emulator>, wish: Option<Json<Release>>) -> Json<Value> {
    let order = wish.map(|Json(wish)| wish.order).unwrap_or_default();
    Json(json!({ "released": emulator.release(order) }))
}

async fn fail(State(emulator): State<Emulator>, Json(fault): Json<Fault>) -> Json<Fault> {
    emulator.fail(fault.clone());
    Json(fault)
}
