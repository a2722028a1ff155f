//! `/c/pay/{id}`: the hosted checkout page.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::format::{money, price, rhythm};
use super::html::{Icon, Message, Template, back_with, page, site};
use crate::emulator::Emulator;
use crate::life::checkout::{self, is_delayed};
use crate::store::{Kind, Store};
use crate::wire::value::{number, text};

const OPEN: &str = include_str!("templates/checkout.html");
const BACK: &str = include_str!("templates/checkout_back.html");
const LINE: &str = include_str!("templates/checkout_line.html");
const CARDS: &str = include_str!("templates/checkout_cards.html");
const CODE: &str = include_str!("templates/checkout_code.html");
const OFF: &str = r"<div><dt>{{what}}</dt><dd>−{{off}}</dd></div>";
const NOTICE: &str = r#"<p class="note note-info">{{text}}</p>"#;
const ERROR: &str = r#"<p class="note note-bad" role="alert" tabindex="-1" autofocus>{{text}}</p>"#;
const MISSING: Message<'_> = Message {
    icon: Icon::Stop,
    title: "This page does not exist",
    what: "There is no such checkout. Start again from the site you came from.",
    link: Some(("/panel", "Open the panel")),
};
const DECLINED: &str = "Your card was declined. Choose another card or go back.";

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
    emulator.act(|store| match store.table(Kind::CheckoutSession).get(&id) {
        Some(session) if session["status"] == "open" => {
            page("Checkout", &open(store, session, shown.error.as_deref()))
        }
        Some(session) => closed(session),
        None => MISSING.page(StatusCode::NOT_FOUND),
    })
}

async fn act(
    State(emulator): State<Emulator>,
    Path((id, act)): Path<(String, String)>,
    form: String,
) -> Response {
    let session = emulator.act(|store| store.table(Kind::CheckoutSession).get(&id).cloned());
    let Some(session) = session else { return MISSING.page(StatusCode::NOT_FOUND) };
    let here = format!("/c/pay/{id}");
    let declines =
        url::form_urlencoded::parse(form.as_bytes()).any(|field| field == ("card".into(), "declined".into()));
    match act.as_str() {
        "pay" if declines => back_with(&here, DECLINED),
        "pay" => match emulator.pay_checkout_session(&id) {
            Ok(_) if session["_stays_on_page"] == true => Redirect::to(&here).into_response(),
            Ok(_) => Redirect::to(&success_url(&session)).into_response(),
            Err(error) => back_with(&here, &error.message),
        },
        "promotion_code" => {
            let mut fields = url::form_urlencoded::parse(form.as_bytes());
            let typed = fields.find(|(name, _)| name == "code").map(|(_, typed)| typed).unwrap_or_default();
            match emulator.act(|store| checkout::redeem_typed(store, &id, &typed)) {
                Ok(_) => Redirect::to(&here).into_response(),
                Err(error) => back_with(&here, &error.message),
            }
        }
        "decline" => back_with(&here, DECLINED),
        // Like on Stripe's page, going back leaves the session open until it expires.
        "abandon" => match session["cancel_url"].as_str() {
            Some(url) => Redirect::to(url).into_response(),
            None => Redirect::to(&here).into_response(),
        },
        _ => MISSING.page(StatusCode::NOT_FOUND),
    }
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
    let notices: String = trial
        .into_iter()
        .chain(delayed)
        .map(|text| Template::new(NOTICE).text("text", &text).render())
        .collect();
    let customer = store.table(Kind::Customer).get(text(&session["customer"])).unwrap_or(&Value::Null);
    let who = [&customer["name"], &customer["email"], &session["customer_email"], &session["_typed_email"]];
    let who = who.into_iter().find_map(Value::as_str).unwrap_or("a new customer");
    let total = money(number(&session["amount_total"]), currency);
    let first = &session["_line_items"]["data"][0];
    let is_subscription = session["mode"] == "subscription";
    let name = text(&first["description"]);
    let back = session["cancel_url"]
        .as_str()
        .map_or_else(String::new, |url| Template::new(BACK).text("site", &site(url)).render());
    Template::new(OPEN)
        .markup("back", &back)
        .text("id", text(&session["id"]))
        .text(
            "what",
            &if is_subscription { format!("Subscribe to {name}") } else { format!("Pay for {name}") },
        )
        .text("total", &total)
        .text("due", &rhythm(&first["price"]))
        .text("customer", who)
        .text("verb", &if is_subscription { "Subscribe".to_owned() } else { format!("Pay {total}") })
        .markup("method", &if is_delayed(session) { String::new() } else { cards(error.is_some()) })
        .markup("lines", &lines)
        .markup("off", &off(session))
        .markup("code", &code(session))
        .markup("notices", &notices)
        .markup(
            "error",
            &error.map_or_else(String::new, |error| Template::new(ERROR).text("text", error).render()),
        )
        .render()
}

/// What is taken off, by what the person knows of it.
fn off(session: &Value) -> String {
    let redeems = &session["_redeems"];
    if redeems.is_null() {
        return String::new();
    }
    let what = redeems["coupon"]["name"].as_str().unwrap_or(text(&redeems["coupon"]["id"]));
    let amount = number(&session["total_details"]["amount_discount"]);
    Template::new(OFF).text("what", what).text("off", &money(amount, text(&session["currency"]))).render()
}

/// The field for a promotion code, where the session takes one and has none yet.
fn code(session: &Value) -> String {
    let is_asked = session["allow_promotion_codes"] == true && session["_redeems"].is_null();
    if is_asked { Template::new(CODE).text("id", text(&session["id"])).render() } else { String::new() }
}

/// The test cards; after a refusal the one that was refused stays chosen.
fn cards(was_refused: bool) -> String {
    let checked = |is_chosen: bool| if is_chosen { "checked" } else { "" };
    Template::new(CARDS).text("works", checked(!was_refused)).text("declined", checked(was_refused)).render()
}

fn line(line: &Value) -> String {
    Template::new(LINE)
        .text("name", text(&line["description"]))
        .text("quantity", &number(&line["quantity"]).to_string())
        .text("price", &price(&line["price"]))
        .render()
}

fn closed(session: &Value) -> Response {
    let is_complete = session["status"] == "complete";
    let (icon, title, what) = match is_complete {
        true => (Icon::Done, "All done", "This checkout is complete. Nothing more is to be paid here."),
        false => (
            Icon::Stop,
            "This page has expired",
            "Nothing was charged here. Start again from the site you came from.",
        ),
    };
    let back = match is_complete {
        true if session["_stays_on_page"] == true => String::new(),
        true => success_url(session),
        false => text(&session["cancel_url"]).to_owned(),
    };
    let label = format!("Back to {}", site(&back));
    let link = (!back.is_empty()).then_some((back.as_str(), label.as_str()));
    Message { icon, title, what, link }.page(StatusCode::OK)
}

fn success_url(session: &Value) -> String {
    text(&session["success_url"]).replace("{CHECKOUT_SESSION_ID}", text(&session["id"]))
}
