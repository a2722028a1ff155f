//! The portal's page for one thing: a change to confirm, a plan to cancel, a card to give.

use serde_json::Value;

use super::format::{date, money, price};
use super::html::{Template, site};
use crate::emulator::due_now;
use crate::life::portal_offer::{Offer, Wish};
use crate::life::subscription_items::{items, period};
use crate::store::{Kind, Store};
use crate::wire::value::{number, text};

const FLOW: &str = include_str!("templates/portal_flow.html");
const ROW: &str = "<div><dt>{{name}}</dt><dd>{{value}}</dd></div>";
const CARDS: &str = include_str!("templates/checkout_cards.html");

/// The flow that a session is still to go through. None: it shows the portal's first page.
pub(super) fn ahead(session: &Value) -> Option<&Value> {
    let flow = &session["flow"];
    (!flow.is_null() && flow["type"] != "subscription_update" && session["_flow_done"] != true)
        .then_some(flow)
}

/// The main part of the page. None: the session has no such page, or no more.
pub(super) fn page(store: &Store, session: &Value, message: &str) -> Option<String> {
    let flow = ahead(session)?;
    let kind = text(&flow["type"]);
    let subscription = || store.table(Kind::Subscription).get(text(&flow[kind]["subscription"]));
    let (title, label, busy, rows) = match kind {
        "subscription_update_confirm" => {
            ("Confirm your change", "Confirm", "Updating…", change(store, session, subscription()?, flow))
        }
        "subscription_cancel" => {
            ("Cancel your plan", "Cancel plan", "Canceling…", cancel(store, subscription()?))
        }
        _ => ("Change your card", "Use this card", "Saving…", String::new()),
    };
    let cards = Template::new(CARDS).text("works", "checked").text("declined", "").render();
    let back = session["return_url"].as_str().unwrap_or("/panel");
    let page = Template::new(FLOW)
        .markup("message", message)
        .markup("rows", &rows)
        .markup("cards", if kind == "payment_method_update" { &cards } else { "" })
        .text("title", title)
        .text("label", label)
        .text("busy", busy)
        .text("session", text(&session["id"]))
        .text("return_url", back)
        .text("site", &site(back));
    Some(page.render())
}

fn change(store: &Store, session: &Value, subscription: &Value, flow: &Value) -> String {
    let Some(item) = items(subscription).first() else { return String::new() };
    let wish = Wish::of(flow);
    let wanted = wish.price.as_deref().and_then(|id| store.table(Kind::Price).get(id));
    let wanted = wanted.unwrap_or(&item["price"]);
    let (has, gets) = (number(&item["quantity"]), wish.quantity.unwrap_or(number(&item["quantity"])));
    let offer = Offer::of(store, session);
    let waits = offer.waits(subscription, &wish);
    let now = match waits {
        true => 0,
        false => due_now(store, subscription, &wish, offer.proration_behavior()).unwrap_or_default(),
    };
    let from = if waits { date(period(subscription).end) } else { "Today".to_owned() };
    [
        ("Now", described(store, &item["price"], has)),
        ("New", described(store, wanted, gets)),
        ("From", from),
        ("Due today", money(now, text(&wanted["currency"]))),
    ]
    .into_iter()
    .map(|(name, value)| row(name, &value))
    .collect()
}

fn cancel(store: &Store, subscription: &Value) -> String {
    let item = items(subscription).first();
    let has = item.map(|item| row("Now", &described(store, &item["price"], number(&item["quantity"]))));
    has.unwrap_or_default() + &row("Paid until", &date(period(subscription).end))
}

fn described(store: &Store, of: &Value, quantity: i64) -> String {
    let product = store.table(Kind::Product).get(text(&of["product"]));
    let name = product.map_or("Subscription", |product| text(&product["name"]));
    format!("{name}, {quantity} × {}", price(of))
}

fn row(name: &str, value: &str) -> String {
    Template::new(ROW).text("name", name).text("value", value).render()
}
