//! `/c/pay/{id}`: the hosted checkout page.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::checkout_pay::is_delayed;
use super::emulator::Emulator;
use super::format::{money, pill, price};
use super::html::{Template, back_with, page};
use super::store::{Kind, Store, number, text};

const OPEN: &str = include_str!("pages/checkout.html");
const CLOSED: &str = include_str!("pages/checkout_closed.html");
const MISSING: &str = include_str!("pages/missing.html");
const LINE: &str = include_str!("pages/checkout_line.html");
const NOTICE: &str = r#"<p class="notice {{tone}}" role="alert">{{text}}</p>"#;

pub(crate) fn router() -> Router<Emulator> {
    Router::new().route("/c/pay/{id}", get(show)).route("/c/pay/{id}/{act}", post(act))
}

#[derive(Debug, Default, Deserialize)]
struct Shown {
    error: Option<String>,
}

async fn show(
    State(emulator): State<Emulator>,
    Path(id): Path<String>,
    Query(shown): Query<Shown>,
) -> Response {
    let main = emulator.act(|store| {
        let session = store.table(Kind::CheckoutSession).get(&id)?;
        let is_open = session["status"] == "open";
        Some(if is_open { open(store, session, shown.error.as_deref()) } else { closed(session) })
    });
    match main {
        Some(main) => page("Checkout", &main).into_response(),
        None => missing("This checkout page does not exist."),
    }
}

async fn act(State(emulator): State<Emulator>, Path((id, act)): Path<(String, String)>) -> Response {
    let session = emulator.act(|store| store.table(Kind::CheckoutSession).get(&id).cloned());
    let Some(session) = session else { return missing("This checkout page does not exist.") };
    let here = format!("/c/pay/{id}");
    match act.as_str() {
        "pay" => match emulator.pay_checkout_session(&id) {
            Ok(_) => Redirect::to(&success_url(&session)).into_response(),
            Err(error) => back_with(&here, &error.message),
        },
        "decline" => back_with(&here, "Your card was declined. Try again or go back."),
        // Like on Stripe's page, going back leaves the session open until it expires.
        "abandon" => match session["cancel_url"].as_str() {
            Some(url) => Redirect::to(url).into_response(),
            None => Redirect::to(&here).into_response(),
        },
        _ => missing("This checkout page does not exist."),
    }
}

/// A page that says what is missing.
pub(crate) fn missing(what: &str) -> Response {
    let main = Template::new(MISSING).text("what", what).render();
    (StatusCode::NOT_FOUND, page("Not found", &main)).into_response()
}

fn open(store: &Store, session: &Value, error: Option<&str>) -> String {
    let lines = session["_line_items"]["data"].as_array().map_or(&[][..], Vec::as_slice);
    let lines: String = lines.iter().map(line).collect();
    let currency = text(&session["currency"]);
    let trial =
        session["_trial_days"].as_i64().map(|days| format!("{days} days free, then billed as above."));
    let delayed = is_delayed(session).then(|| {
        "This payment method settles later: the panel decides whether the money arrives.".to_owned()
    });
    let notices: String = trial.into_iter().chain(delayed).map(|text| notice("info", &text)).collect();
    let error = error.map_or_else(String::new, |error| notice("bad", error));
    let customer = store.table(Kind::Customer).get(text(&session["customer"])).unwrap_or(&Value::Null);
    let who = [&customer["name"], &customer["email"], &session["customer_email"]];
    let who = who.into_iter().find_map(Value::as_str).unwrap_or("a new customer");
    let verb = if session["mode"] == "subscription" { "Subscribe" } else { "Pay" };
    Template::new(OPEN)
        .text("id", text(&session["id"]))
        .text("total", &money(number(&session["amount_total"]), currency))
        .text("customer", who)
        .text("verb", verb)
        .markup("lines", &lines)
        .markup("notices", &notices)
        .markup("error", &error)
        .render()
}

fn line(line: &Value) -> String {
    Template::new(LINE)
        .text("name", text(&line["description"]))
        .text("quantity", &number(&line["quantity"]).to_string())
        .text("price", &price(&line["price"]))
        .render()
}

fn closed(session: &Value) -> String {
    let what = match text(&session["status"]) {
        "complete" => "This checkout is complete. Nothing more is to be paid here.",
        _ => "This checkout has expired. Start again from the site you came from.",
    };
    let back = session["success_url"].as_str().map(|_| success_url(session)).unwrap_or_default();
    let back = if session["status"] == "complete" { back } else { text(&session["cancel_url"]).to_owned() };
    Template::new(CLOSED)
        .text("what", what)
        .text("back", &back)
        .markup("pill", &pill(text(&session["status"])))
        .render()
}

fn notice(tone: &str, words: &str) -> String {
    Template::new(NOTICE).text("tone", tone).text("text", words).render()
}

fn success_url(session: &Value) -> String {
    text(&session["success_url"]).replace("{CHECKOUT_SESSION_ID}", text(&session["id"]))
}
