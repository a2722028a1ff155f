//! The portal's page for one thing: a change to confirm, a plan to cancel, a card to give.

use serde_json::Value;

use super::format::date;
use super::html::{Template, site};
use super::portal_preview::{change, described, row};
use crate::life::portal_offer::Wish;
use crate::life::subscription_items::{items, period};
use crate::store::{Kind, Store};
use crate::wire::value::{number, text};

const FLOW: &str = include_str!("templates/portal_flow.html");
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
            let rows = change(store, session, subscription()?, &Wish::of(flow));
            ("Confirm your change", "Confirm", "Updating…", rows)
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
        .markup("fields", "")
        .text("act", "confirm")
        .text("action", &format!("/p/session/{}/flow", text(&session["id"])))
        .text("back_url", back)
        .text("back", &format!("Return to {}", site(back)));
    Some(page.render())
}

fn cancel(store: &Store, subscription: &Value) -> String {
    let item = items(subscription).first();
    let has = item.map(|item| row("Now", &described(store, &item["price"], number(&item["quantity"]))));
    has.unwrap_or_default() + &row("Paid until", &date(period(subscription).end))
}
