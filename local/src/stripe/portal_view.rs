//! What the customer portal looks like: a customer's subscriptions, what can be done with each, and the invoices.

use serde_json::Value;

use super::billing::is_ended;
use super::format::{date, money, pill, price, rhythm};
use super::html::{Template, site};
use super::store::{Kind, Store, number, text};
use super::subscription_items::{has_price, items, period};

const PORTAL: &str = include_str!("pages/portal.html");
const SUBSCRIPTION: &str = include_str!("pages/portal_subscription.html");
const ENDED: &str = include_str!("pages/portal_ended.html");
const PAST: &str = include_str!("pages/portal_past.html");
const OPTION: &str = include_str!("pages/portal_option.html");
const OWES: &str = include_str!("pages/portal_owes.html");
const RESUME: &str = include_str!("pages/portal_resume.html");
const CANCEL: &str = include_str!("pages/portal_cancel.html");
const INVOICE: &str = include_str!("pages/portal_invoice.html");
const INVOICES: &str = include_str!("pages/portal_invoices.html");
const EMPTY: &str = r#"<p class="card empty">{{text}}</p>"#;
const ERROR: &str = r#"<p class="note note-bad" role="alert" tabindex="-1" autofocus>{{text}}</p>"#;
const AT_END: &str =
    r#"<button class="btn" name="act" value="cancel_at_period_end">Cancel on {{end}}</button>"#;

/// The newest invoices the portal shows.
const SHOWN: usize = 12;

/// The page of a portal session, if there is such a session.
pub(crate) fn portal(store: &Store, id: &str, error: Option<&str>) -> Option<String> {
    let session = store.table(Kind::PortalSession).get(id)?;
    let customer = store.table(Kind::Customer).get(text(&session["customer"]))?;
    let own = |row: &&Value| row["customer"] == session["customer"];
    let subscriptions = store.rows(Kind::Subscription).iter().rev().filter(own);
    let (ended, live): (Vec<_>, Vec<_>) = subscriptions.partition(|row| is_ended(row));
    let cards = |rows: Vec<&Value>| -> String { rows.into_iter().map(|row| card(store, id, row)).collect() };
    let (live, ended) = (cards(live), cards(ended));
    let invoices: String =
        store.rows(Kind::Invoice).iter().rev().filter(own).take(SHOWN).map(invoice).collect();
    let name =
        [&customer["name"], &customer["email"], &customer["id"]].into_iter().find_map(Value::as_str)?;
    let back = session["return_url"].as_str().unwrap_or("/panel");
    let page = Template::new(PORTAL)
        .text("customer", name)
        .text("return_url", back)
        .text("site", &site(back))
        .markup("error", &error.map_or_else(String::new, |error| filled(ERROR, error)))
        .markup(
            "subscriptions",
            &if live.is_empty() { filled(EMPTY, "There is no subscription.") } else { live },
        )
        .markup("past", &wrapped(PAST, &ended))
        .markup("invoices", &wrapped(INVOICES, &invoices));
    Some(page.render())
}

fn filled(template: &str, words: &str) -> String {
    Template::new(template).text("text", words).render()
}

/// A list around its rows; nothing if there are none.
fn wrapped(template: &str, rows: &str) -> String {
    if rows.is_empty() { String::new() } else { Template::new(template).markup("rows", rows).render() }
}

fn card(store: &Store, session: &str, subscription: &Value) -> String {
    let Some(item) = items(subscription).first() else { return String::new() };
    let product = store.table(Kind::Product).get(text(&item["price"]["product"]));
    let quantity = number(&item["quantity"]);
    let total = money(number(&item["price"]["unit_amount"]) * quantity, text(&item["price"]["currency"]));
    let template = Template::new(if is_ended(subscription) { ENDED } else { SUBSCRIPTION })
        .markup("trouble", &trouble(subscription))
        .markup("end", &end(subscription))
        .markup("options", &options(store, subscription))
        .markup("pill", &pill(text(&subscription["status"])));
    template
        .text("session", session)
        .text("id", text(&subscription["id"]))
        .text("product", product.map_or("Subscription", |product| text(&product["name"])))
        .text("total", &total)
        .text("rhythm", &rhythm(&item["price"]))
        .text("price", &price(&item["price"]))
        .text("quantity", &quantity.to_string())
        .text("when", &when(subscription))
        .render()
}

fn when(subscription: &Value) -> String {
    let end = date(period(subscription).end);
    match text(&subscription["status"]) {
        _ if subscription["cancel_at_period_end"] == true => format!("Ends on {end}"),
        "past_due" | "unpaid" => format!("The period ends on {end}"),
        "trialing" => format!("Trial until {end}"),
        _ => format!("Renews on {end}"),
    }
}

/// What needs the customer's attention first.
fn trouble(subscription: &Value) -> String {
    let status = text(&subscription["status"]);
    let why = match status {
        "past_due" | "unpaid" | "incomplete" => return OWES.to_owned(),
        "paused" => "The subscription is paused.".to_owned(),
        _ if subscription["cancel_at_period_end"] == true => {
            format!("The plan stays on until {}, and ends then.", date(period(subscription).end))
        }
        _ => return String::new(),
    };
    Template::new(RESUME).text("why", &why).render()
}

fn end(subscription: &Value) -> String {
    let is_set = subscription["cancel_at_period_end"] == true;
    let at_end = Template::new(AT_END).text("end", &date(period(subscription).end)).render();
    Template::new(CANCEL).markup("at_end", if is_set { "" } else { &at_end }).render()
}

fn options(store: &Store, subscription: &Value) -> String {
    let recurring = |row: &&Value| row["active"] == true && row["type"] == "recurring";
    let option = |row: &Value| {
        let product = store.table(Kind::Product).get(text(&row["product"]));
        let is_current = has_price(subscription, text(&row["id"]));
        Template::new(OPTION)
            .text("key", text(&row["id"]))
            .markup("selected", if is_current { " checked" } else { "" })
            .text("name", product.map_or("", |product| text(&product["name"])))
            .text("price", &price(row))
            .render()
    };
    store.rows(Kind::Price).iter().filter(recurring).map(option).collect()
}

fn invoice(invoice: &Value) -> String {
    Template::new(INVOICE)
        .text("date", &date(number(&invoice["created"])))
        .text("what", text(&invoice["lines"]["data"][0]["description"]))
        .text("total", &money(number(&invoice["total"]), text(&invoice["currency"])))
        .markup("pill", &pill(text(&invoice["status"])))
        .render()
}
