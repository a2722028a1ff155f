//! `/panel`: where whoever runs the stack plays time, cards and the network.

use std::time::Duration;

use axum::Router;
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;
use serde_json::Value;

use super::format::{date, money, pill, price, time};
use super::html::{Template, page};
use super::panel_payments;
use crate::delivery::mode::{DeliveryMode, Order};
use crate::emulator::Emulator;
use crate::life::subscription::is_ended;
use crate::life::subscription_items::{items, period};
use crate::store::events::{Delivery, Event};
use crate::store::{Kind, Store};
use crate::wire::errors::ApiError;
use crate::wire::value::{number, text};

const PANEL: &str = include_str!("templates/panel.html");
const SUBSCRIPTION: &str = include_str!("templates/panel_subscription.html");
const SESSION: &str = include_str!("templates/panel_session.html");
const EVENT: &str = include_str!("templates/panel_event.html");
const TOGGLE: &str = include_str!("templates/panel_toggle.html");
const EMPTY: &str = r#"<p class="empty">{{text}}</p>"#;
const NOTICE: &str = r#"<p class="note note-bad" role="alert">{{text}}</p>"#;
const DELIVERY: &str = r#"<span>{{pill}} {{attempts}}</span>"#;

/// The newest events the panel shows.
const SHOWN: usize = 50;
const DAY: i64 = 86_400;
const LATE: Duration = Duration::from_secs(10);

pub(crate) fn router() -> Router<Emulator> {
    Router::new().route("/panel", get(show).post(act))
}

#[derive(Debug, Deserialize)]
struct Wish {
    act: String,
    #[serde(default)]
    id: String,
}

async fn show(State(emulator): State<Emulator>) -> Response {
    panel(&emulator, "")
}

async fn act(State(emulator): State<Emulator>, Form(wish): Form<Wish>) -> Response {
    match carry_out(&emulator, &wish) {
        Ok(()) => Redirect::to("/panel").into_response(),
        Err(error) => panel(&emulator, &Template::new(NOTICE).text("text", &error.message).render()),
    }
}

fn carry_out(emulator: &Emulator, wish: &Wish) -> Result<(), ApiError> {
    let id = wish.id.as_str();
    match wish.act.as_str() {
        "renew" => emulator.renew(id, true).map(drop),
        "renew_fails" => emulator.renew(id, false).map(drop),
        "pay" => emulator.pay_open_invoice(id).map(drop),
        "cancel_now" => emulator.cancel_now(id).map(drop),
        "expire" => emulator.abandon_checkout_session(id).map(drop),
        "money_arrives" => emulator.settle_checkout_session(id, true).map(drop),
        "money_fails" => emulator.settle_checkout_session(id, false).map(drop),
        "again" => emulator.deliver(id, Duration::ZERO),
        "late" => emulator.deliver(id, LATE),
        "drop" => emulator.drop_event(id),
        other => match panel_payments::carry_out(emulator, other, id) {
            Some(done) => done.map(drop),
            None => set_the_stage(emulator, other),
        },
    }
}

/// Time and the network: what concerns no single object.
fn set_the_stage(emulator: &Emulator, act: &str) -> Result<(), ApiError> {
    let mode = emulator.delivery();
    let release = |order| {
        emulator.release(order);
    };
    match act {
        "hour" => emulator.advance(3_600),
        "day" => emulator.advance(DAY),
        "month" => emulator.advance(31 * DAY),
        "hold_on" => emulator.hold(),
        "hold_off" => release(Order::InOrder),
        "in_order" => release(Order::InOrder),
        "reversed" => release(Order::Reversed),
        "shuffled" => release(Order::Shuffled),
        "duplicate_on" => emulator.set_delivery(DeliveryMode { duplicate: true, ..mode }),
        "duplicate_off" => emulator.set_delivery(DeliveryMode { duplicate: false, ..mode }),
        "lose_on" => emulator.set_delivery(DeliveryMode { drop: true, ..mode }),
        "lose_off" => emulator.set_delivery(DeliveryMode { drop: false, ..mode }),
        other => return Err(ApiError::invalid(format!("No such act: '{other}'"))),
    }
    Ok(())
}

fn panel(emulator: &Emulator, error: &str) -> Response {
    let mode = emulator.delivery();
    let main = emulator.act(|store| {
        let open = store.rows(Kind::Subscription).iter().rev().map(|row| subscription(store, row));
        let sessions = store.rows(Kind::CheckoutSession).iter().rev().take(SHOWN).map(session);
        let charges = store.rows(Kind::Charge).iter().rev().take(SHOWN);
        let payments = charges.map(|charge| panel_payments::entry(store, charge));
        let (quiet, told): (Vec<_>, Vec<_>) =
            store.events.all().iter().rev().partition(|event| is_of_the_catalogue(&event.kind));
        let events = told.into_iter().take(SHOWN).map(event);
        Template::new(PANEL)
            .text("now", &time(store.now()))
            .markup("hold", &toggle("hold", "Hold", mode.hold, ""))
            .markup("duplicate", &toggle("duplicate", "Send twice", mode.duplicate, ""))
            .markup("lose", &toggle("lose", "Lose everything", mode.drop, "btn-bad"))
            .text("release_state", if mode.hold { "" } else { "hidden" })
            .text("quiet", &quiet.len().to_string())
            .text("quiet_state", if quiet.is_empty() { "hidden" } else { "" })
            .markup("catalogue", &listed(quiet.into_iter().take(SHOWN).map(event), ""))
            .markup("error", error)
            .markup(
                "subscriptions",
                &listed(open, "No subscription yet. Buy a plan, and pay on the checkout page."),
            )
            .markup("sessions", &listed(sessions, "No checkout session yet."))
            .markup("payments", &listed(payments, "No payment yet."))
            .markup("events", &listed(events, "No event yet."))
            .render()
    });
    page("Stripe panel", &main)
}

/// A button that is pressed as long as what it names is on, and asks for the other state.
fn toggle(name: &str, label: &str, is_on: bool, class: &str) -> String {
    Template::new(TOGGLE)
        .text("name", name)
        .text("act", &format!("{name}_{}", if is_on { "off" } else { "on" }))
        .text("class", class)
        .text("pressed", if is_on { "true" } else { "false" })
        .text("label", label)
        .render()
}

/// What is told while plans are set up. It says nothing about a customer.
fn is_of_the_catalogue(kind: &str) -> bool {
    ["product.", "price.", "plan.", "coupon.", "promotion_code.", "billing_portal.configuration."]
        .iter()
        .any(|begin| kind.starts_with(begin))
}

fn listed(rows: impl Iterator<Item = String>, otherwise: &str) -> String {
    let rows: String = rows.collect();
    if rows.is_empty() { Template::new(EMPTY).text("text", otherwise).render() } else { rows }
}

fn subscription(store: &Store, row: &Value) -> String {
    let Some(item) = items(row).first() else { return String::new() };
    let product = store.table(Kind::Product).get(text(&item["price"]["product"]));
    let customer = store.table(Kind::Customer).get(text(&row["customer"])).unwrap_or(&Value::Null);
    let name = [&customer["name"], &customer["email"], &row["customer"]].into_iter().find_map(Value::as_str);
    let status = text(&row["status"]);
    let owes = matches!(status, "past_due" | "unpaid" | "incomplete");
    Template::new(SUBSCRIPTION)
        .text("id", text(&row["id"]))
        .text("product", product.map_or("Subscription", |product| text(&product["name"])))
        .text("price", &price(&item["price"]))
        .text("quantity", &number(&item["quantity"]).to_string())
        .text("customer", name.unwrap_or_default())
        .text("end", &date(period(row).end))
        .text("act_state", if is_ended(row) { "hidden" } else { "" })
        .text("pay_state", if owes { "" } else { "hidden" })
        .markup("pill", &pill(status))
        .render()
}

fn session(row: &Value) -> String {
    let is_complete = row["status"] == "complete";
    let awaits = is_complete && row["payment_status"] == "unpaid";
    let payment = if is_complete { pill(text(&row["payment_status"])) } else { String::new() };
    Template::new(SESSION)
        .text("id", text(&row["id"]))
        .text("amount", &money(number(&row["amount_total"]), text(&row["currency"])))
        .text("open_state", if row["status"] == "open" { "" } else { "hidden" })
        .text("await_state", if awaits { "" } else { "hidden" })
        .markup("pill", &pill(text(&row["status"])))
        .markup("payment", &payment)
        .render()
}

fn event(event: &Event) -> String {
    let deliveries: String = event.deliveries.iter().map(delivery).collect();
    Template::new(EVENT)
        .text("id", &event.id)
        .text("type", &event.kind)
        .text("created", &time(event.created))
        .text("act_state", if event.deliveries.is_empty() { "hidden" } else { "" })
        .markup("deliveries", if deliveries.is_empty() { "No endpoint wanted it." } else { &deliveries })
        .render()
}

fn delivery(delivery: &Delivery) -> String {
    let said = |status: &u16| if *status == 0 { "no answer".to_owned() } else { status.to_string() };
    let attempts: Vec<String> = delivery.attempts.iter().map(said).collect();
    Template::new(DELIVERY)
        .markup("pill", &pill(delivery.state.name()))
        .text("attempts", &attempts.join(", "))
        .render()
}
