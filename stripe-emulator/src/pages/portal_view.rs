//! What the customer portal looks like: a customer's subscriptions, what can be done with each, and the
//! invoices.

use serde::Deserialize;
use serde_json::Value;

use super::html::{Template, site};
use super::portal_card::Cards;
use super::portal_flow;
use super::portal_invoices;
use crate::life::portal_offer::Offer;
use crate::life::subscription::is_ended;
use crate::store::{Kind, Store};
use crate::wire::value::text;

const PORTAL: &str = include_str!("templates/portal.html");
const PAST: &str = include_str!("templates/portal_past.html");
const INVOICES: &str = include_str!("templates/portal_invoices.html");
const EMPTY: &str = include_str!("templates/portal_empty.html");
const DONE: &str = r#"<p class="note note-ok" role="status" tabindex="-1" autofocus>{{text}}</p>"#;
const ERROR: &str = r#"<p class="note note-bad" role="alert" tabindex="-1" autofocus>{{text}}</p>"#;

/// What the page is to say: what was done, or what went wrong.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Said {
    pub(crate) done: Option<String>,
    pub(crate) error: Option<String>,
}

/// The page of a portal session, if there is such a session.
pub(crate) fn portal(store: &Store, id: &str, said: &Said) -> Option<String> {
    let session = store.table(Kind::PortalSession).get(id)?;
    if let Some(flow) = portal_flow::page(store, session, &message(said)) {
        return Some(flow);
    }
    let customer = store.table(Kind::Customer).get(text(&session["customer"]))?;
    let cards = Cards { store, session: id, offer: Offer::of(store, session) };
    let own = |row: &&Value| row["customer"] == session["customer"];
    let subscriptions = store.rows(Kind::Subscription).iter().rev().filter(own);
    let (ended, live): (Vec<_>, Vec<_>) = subscriptions.partition(|row| is_ended(row));
    let live: String = live.into_iter().map(|row| cards.live(row)).collect();
    let ended: String = ended.into_iter().map(|row| cards.ended(row)).collect();
    let invoices = portal_invoices::rows(&cards, &session["customer"]);
    let name =
        [&customer["name"], &customer["email"], &customer["id"]].into_iter().find_map(Value::as_str)?;
    let back = session["return_url"].as_str().unwrap_or("/panel");
    let page = Template::new(PORTAL)
        .markup("message", &message(said))
        .markup("subscriptions", if live.is_empty() { EMPTY } else { &live })
        .text("customer", name)
        .text("return_url", back)
        .text("site", &site(back))
        .markup("past", &wrapped(PAST, &ended))
        .markup("invoices", &wrapped(INVOICES, &invoices));
    Some(page.render())
}

/// What the last form came to.
fn message(said: &Said) -> String {
    let done = match said.done.as_deref() {
        Some("change") => "Your plan was updated.",
        Some("nothing") => "Nothing changed: this is the plan you have. Nothing was charged.",
        Some("schedule") => "Your change of plan was received.",
        Some("keep") => "You keep your plan.",
        Some("cancel_at_period_end") => "Your cancellation was received.",
        Some("cancel_now") => "Your plan was canceled.",
        Some("resume") => "Your plan goes on.",
        Some("pay") => "Thank you, your payment was received.",
        _ => return said.error.as_deref().map_or_else(String::new, |error| filled(ERROR, error)),
    };
    filled(DONE, done)
}

fn filled(template: &str, words: &str) -> String {
    Template::new(template).text("text", words).render()
}

/// A list around its rows; nothing if there are none.
fn wrapped(template: &str, rows: &str) -> String {
    if rows.is_empty() { String::new() } else { Template::new(template).markup("rows", rows).render() }
}
