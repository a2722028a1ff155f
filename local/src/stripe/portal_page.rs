//! `/p/session/{id}`: the customer portal. What it looks like is in `portal_view`.

use axum::Router;
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::checkout_page::missing;
use super::emulator::Emulator;
use super::errors::{Answer, ApiError};
use super::html::{back_with, page};
use super::portal_view::portal;
use super::store::Kind;

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
        Some(main) => page("Billing", &main),
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
