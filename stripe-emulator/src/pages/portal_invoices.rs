//! The portal's list of invoices. One that is open can be paid there.

use serde_json::Value;

use super::format::{date, money, pill};
use super::html::Template;
use super::portal_card::Cards;
use crate::store::Kind;
use crate::wire::value::{number, text};

const INVOICE: &str = include_str!("templates/portal_invoice.html");
const PAY: &str = include_str!("templates/portal_pay.html");

/// The newest invoices the portal shows.
const SHOWN: usize = 12;

/// A customer's invoices, the newest first. A draft is nobody's business yet.
pub(super) fn rows(cards: &Cards<'_>, customer: &Value) -> String {
    if !cards.offer.shows_invoices() {
        return String::new();
    }
    let invoices = cards.store.rows(Kind::Invoice).iter().rev();
    let shown = invoices.filter(|invoice| invoice["customer"] == *customer && invoice["status"] != "draft");
    shown.take(SHOWN).map(|invoice| row(cards.session, invoice)).collect()
}

fn row(session: &str, invoice: &Value) -> String {
    let subscription = text(&invoice["parent"]["subscription_details"]["subscription"]);
    let number_of = text(&invoice["number"]);
    let pay = Template::new(PAY)
        .text("session", session)
        .text("subscription", subscription)
        .text("invoice", text(&invoice["id"]))
        .text("number", number_of)
        .render();
    Template::new(INVOICE)
        .text("number", number_of)
        .text("date", &date(number(&invoice["created"])))
        .text("what", text(&invoice["lines"]["data"][0]["description"]))
        .text("total", &money(number(&invoice["total"]), text(&invoice["currency"])))
        .markup("pill", &pill(text(&invoice["status"])))
        .markup("pay", if invoice["status"] == "open" && !subscription.is_empty() { &pay } else { "" })
        .render()
}
