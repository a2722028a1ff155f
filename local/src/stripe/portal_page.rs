//! `/p/session/{id}`: the customer portal.

use axum::Router;
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::Value;

use super::billing::is_ended;
use super::checkout_page::missing;
use super::emulator::Emulator;
use super::errors::{Answer, ApiError};
use super::format::{date, pill, price};
use super::html::{Template, back_with, page};
use super::store::{Kind, Store, number, text};
use super::subscription_items::{has_price, items, period};

const PORTAL: &str = include_str!("pages/portal.html");
const SUBSCRIPTION: &str = include_str!("pages/portal_subscription.html");
const EMPTY: &str = r#"<p class="empty">This customer has no subscription yet.</p>"#;
const NOTICE: &str = r#"<p class="notice bad" role="alert">{{text}}</p>"#;
const OPTION: &str = r#"<option value="{{key}}"{{selected}}>{{name}} — {{price}}</option>"#;
const BUTTON: &str = r#"<button name="act" value="{{act}}" class="{{class}}">{{label}}</button>"#;

pub(crate) fn router() -> Router<Emulator> {
    Router::new().route("/p/session/{id}", get(show)).route("/p/session/{id}/{subscription}", post(act))
}

#[derive(Debug, Default, Deserialize)]
struct Shown {
    error: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Wish {
    act: String,
    price: Option<String>,
    quantity: Option<i64>,
}

async fn show(
    State(emulator): State<Emulator>,
    Path(id): Path<String>,
    Query(shown): Query<Shown>,
) -> Response {
    match emulator.act(|store| portal(store, &id, shown.error.as_deref())) {
        Some(main) => page("Customer portal", &main).into_response(),
        None => missing("This portal session does not exist."),
    }
}

async fn act(
    State(emulator): State<Emulator>,
    Path((id, subscription)): Path<(String, String)>,
    Form(wish): Form<Wish>,
) -> Response {
    let is_own = emulator.act(|store| {
        let customer = &store.table(Kind::PortalSession).get(&id)?["customer"];
        Some(store.table(Kind::Subscription).get(&subscription)?["customer"] == *customer)
    });
    if is_own != Some(true) {
        return missing("This portal session does not exist.");
    }
    let here = format!("/p/session/{id}");
    match carry_out(&emulator, &subscription, &wish) {
        Ok(_) => Redirect::to(&here).into_response(),
        Err(error) => back_with(&here, &error.message),
    }
}

fn carry_out(emulator: &Emulator, subscription: &str, wish: &Wish) -> Answer {
    match wish.act.as_str() {
        "cancel_at_period_end" => emulator.cancel_at_period_end(subscription, true),
        "cancel_now" => emulator.cancel_now(subscription),
        "resume" => emulator.resume(subscription),
        "pay" => emulator.pay_open_invoice(subscription),
        "change" => {
            if let Some(price) = wish.price.as_deref() {
                emulator.change_price(subscription, price)?;
            }
            emulator.change_quantity(subscription, wish.quantity.unwrap_or(1).max(1))
        }
        other => Err(ApiError::invalid(format!("No such act: '{other}'"))),
    }
}

fn portal(store: &Store, id: &str, error: Option<&str>) -> Option<String> {
    let session = store.table(Kind::PortalSession).get(id)?;
    let customer = store.table(Kind::Customer).get(text(&session["customer"]))?;
    let subscriptions = store.rows(Kind::Subscription).iter().rev();
    let own = subscriptions.filter(|row| row["customer"] == session["customer"]);
    let cards: String = own.map(|row| card(store, id, row)).collect();
    let name =
        [&customer["name"], &customer["email"], &customer["id"]].into_iter().find_map(Value::as_str)?;
    let error = error.map_or_else(String::new, |error| Template::new(NOTICE).text("text", error).render());
    let page = Template::new(PORTAL)
        .text("customer", name)
        .text("return_url", session["return_url"].as_str().unwrap_or("/panel"))
        .markup("error", &error)
        .markup("subscriptions", if cards.is_empty() { EMPTY } else { &cards });
    Some(page.render())
}

fn card(store: &Store, session: &str, subscription: &Value) -> String {
    let Some(item) = items(subscription).first() else { return String::new() };
    let product = store.table(Kind::Product).get(text(&item["price"]["product"]));
    let end = date(period(subscription).end);
    let when = match text(&subscription["status"]) {
        "canceled" | "incomplete_expired" => "Ended".to_owned(),
        _ if subscription["cancel_at_period_end"] == true => format!("Ends on {end}"),
        "past_due" | "unpaid" => format!("Payment failed. The period ends on {end}"),
        "trialing" => format!("Trial until {end}"),
        _ => format!("Renews on {end}"),
    };
    Template::new(SUBSCRIPTION)
        .text("session", session)
        .text("id", text(&subscription["id"]))
        .text("product", product.map_or("Subscription", |product| text(&product["name"])))
        .text("price", &price(&item["price"]))
        .text("quantity", &number(&item["quantity"]).to_string())
        .text("when", &when)
        .text("form_state", if is_ended(subscription) { "hidden" } else { "" })
        .markup("pill", &pill(text(&subscription["status"])))
        .markup("options", &options(store, subscription))
        .markup("buttons", &buttons(subscription))
        .render()
}

fn options(store: &Store, subscription: &Value) -> String {
    let recurring = |row: &&Value| row["active"] == true && row["type"] == "recurring";
    let option = |row: &Value| {
        let product = store.table(Kind::Product).get(text(&row["product"]));
        let is_current = has_price(subscription, text(&row["id"]));
        Template::new(OPTION)
            .text("key", text(&row["id"]))
            .markup("selected", if is_current { " selected" } else { "" })
            .text("name", product.map_or("", |product| text(&product["name"])))
            .text("price", &price(row))
            .render()
    };
    store.rows(Kind::Price).iter().filter(recurring).map(option).collect()
}

fn buttons(subscription: &Value) -> String {
    let status = text(&subscription["status"]);
    let may_resume = subscription["cancel_at_period_end"] == true || status == "paused";
    let owes = matches!(status, "past_due" | "unpaid" | "incomplete");
    let shown = [
        (owes, "pay", "primary", "Pay open invoice"),
        (may_resume, "resume", "primary", "Resume"),
        (!may_resume, "cancel_at_period_end", "", "Cancel at period end"),
        (true, "cancel_now", "danger", "Cancel now"),
    ];
    let button = |(_, act, class, label): (bool, &str, &str, &str)| {
        Template::new(BUTTON).text("act", act).text("class", class).text("label", label).render()
    };
    shown.into_iter().filter(|(is_shown, ..)| *is_shown).map(button).collect()
}
