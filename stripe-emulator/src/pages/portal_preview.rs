//! What a change of plan costs, now and later: shown before anything is charged.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::Value;

use super::format::{date, money, price, rhythm};
use super::html::{Template, page};
use super::portal_act::{missing, not_offered};
use crate::emulator::{Cost, Emulator, cost_of};
use crate::life::portal_offer::{Offer, Wish};
use crate::life::subscription_items::{items, period};
use crate::store::{Kind, Store};
use crate::wire::value::{number, text};

const FLOW: &str = include_str!("templates/portal_flow.html");
const ROW: &str = "<div><dt>{{name}}</dt><dd>{{value}}</dd></div>";
const FIELD: &str = r#"<input type="hidden" name="{{name}}" value="{{value}}">"#;

/// `GET /p/session/{id}/{subscription}/change`: what was chosen in the portal, to be confirmed. It changes
/// nothing.
pub(super) async fn show(
    State(emulator): State<Emulator>,
    Path((id, subscription)): Path<(String, String)>,
    wish: Result<Query<Wish>, QueryRejection>,
) -> Response {
    let here = format!("/p/session/{id}");
    let Ok(Query(wish)) = wish else { return not_offered(&here) };
    match emulator.act(|store| preview(store, &id, &subscription, wish)) {
        Preview::Missing => missing(),
        Preview::NotOffered => not_offered(&here),
        Preview::Nothing => Redirect::to(&format!("{here}?done=nothing")).into_response(),
        Preview::Page(main) => page("Confirm your change", &main),
    }
}

enum Preview {
    /// There is no such session, or the subscription is not its customer's.
    Missing,
    NotOffered,
    /// It is so already.
    Nothing,
    Page(String),
}

fn preview(store: &Store, id: &str, subscription: &str, wish: Wish) -> Preview {
    let session = store.table(Kind::PortalSession).get(id);
    let found = store.table(Kind::Subscription).get(subscription);
    let (Some(session), Some(found)) = (session, found) else { return Preview::Missing };
    if found["customer"] != session["customer"] {
        return Preview::Missing;
    }
    let offer = Offer::of(store, session);
    let wish = offer.settled(found, Wish { act: "change".to_owned(), ..wish });
    let Some(wish) = wish.filter(|wish| offer.allows(found, wish)) else { return Preview::NotOffered };
    if offer.is_so_already(found, &wish) {
        return Preview::Nothing;
    }
    let price = wish.price.as_deref().map(|price| field("price", price)).unwrap_or_default();
    let quantity = wish.quantity.map(|quantity| field("quantity", &quantity.to_string()));
    let page = Template::new(FLOW)
        .markup("message", "")
        .markup("rows", &change(store, session, found, &wish))
        .markup("cards", "")
        .markup("fields", &(price + &quantity.unwrap_or_default()))
        .text("title", "Confirm your change")
        .text("label", "Confirm")
        .text("busy", "Updating…")
        .text("act", "change")
        .text("action", &format!("/p/session/{id}/{subscription}"))
        .text("back_url", &format!("/p/session/{id}"))
        .text("back", "Back to billing");
    Preview::Page(page.render())
}

fn field(name: &str, value: &str) -> String {
    Template::new(FIELD).text("name", name).text("value", value).render()
}

/// What there is, what it becomes, and what that costs now and later.
pub(super) fn change(store: &Store, session: &Value, subscription: &Value, wish: &Wish) -> String {
    let Some(item) = items(subscription).first() else { return String::new() };
    let wanted = wish.price.as_deref().and_then(|id| store.table(Kind::Price).get(id));
    let wanted = wanted.unwrap_or(&item["price"]);
    let (has, gets) = (number(&item["quantity"]), wish.quantity.unwrap_or(number(&item["quantity"])));
    let offer = Offer::of(store, session);
    let waits = offer.waits(subscription, wish);
    let cost = cost_of(store, subscription, wish, offer.proration_behavior(), waits);
    let Ok(Cost { now, then, next }) = cost else { return String::new() };
    let currency = text(&wanted["currency"]);
    let from = if waits { date(period(subscription).end) } else { "Today".to_owned() };
    let later = format!("{} {}, first on {}", money(then, currency), rhythm(wanted), date(next));
    row("Now", &described(store, &item["price"], has))
        + &row("New", &described(store, wanted, gets))
        + &row("From", &from)
        + &row("Due today", &money(now, currency))
        + &row("Then", &later)
}

/// `PromptForge Pro, 1 × $49.00 per month`.
pub(super) fn described(store: &Store, of: &Value, quantity: i64) -> String {
    let product = store.table(Kind::Product).get(text(&of["product"]));
    let name = product.map_or("Subscription", |product| text(&product["name"]));
    format!("{name}, {quantity} × {}", price(of))
}

pub(super) fn row(name: &str, value: &str) -> String {
    Template::new(ROW).text("name", name).text("value", value).render()
}
