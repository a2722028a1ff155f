//! `/p/session/{id}`: the customer portal. What it offers is in `portal_offer`, what it looks like in `portal_view`.

use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::emulator::Emulator;
use super::errors::ApiError;
use super::html::{Icon, Message, back_with, page};
use super::portal_offer::{Offer, Wish};
use super::portal_view::portal;
use super::store::{Kind, Store};

const MISSING: Message<'_> = Message {
    icon: Icon::Stop,
    title: "This page does not exist",
    what: "There is no such portal session. Open the portal again from the site you came from.",
    link: Some(("/panel", "Open the panel")),
};

pub(crate) fn router() -> Router<Emulator> {
    Router::new().route("/p/session/{id}", get(show)).route("/p/session/{id}/{subscription}", post(act))
}

/// What the page is to say: what was done, or what went wrong.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Said {
    pub(crate) done: Option<String>,
    pub(crate) error: Option<String>,
}

async fn show(
    State(emulator): State<Emulator>,
    Path(id): Path<String>,
    Query(said): Query<Said>,
) -> Response {
    match emulator.act(|store| portal(store, &id, &said)) {
        Some(main) => page("Billing", &main),
        None => MISSING.page(StatusCode::NOT_FOUND),
    }
}

async fn act(
    State(emulator): State<Emulator>,
    Path((id, subscription)): Path<(String, String)>,
    wish: Result<Form<Wish>, FormRejection>,
) -> Response {
    let here = format!("/p/session/{id}");
    let Ok(Form(wish)) = wish else { return not_offered(&here).page(StatusCode::FORBIDDEN) };
    match carry_out(&emulator, &id, &subscription, &wish) {
        Ok(()) => Redirect::to(&format!("{here}?done={}", wish.act)).into_response(),
        Err(Refusal::Missing) => MISSING.page(StatusCode::NOT_FOUND),
        Err(Refusal::NotOffered) => not_offered(&here).page(StatusCode::FORBIDDEN),
        Err(Refusal::Failed(error)) => back_with(&here, &error.message),
    }
}

/// Why a form changed nothing.
enum Refusal {
    /// There is no such session, or the subscription is not its customer's.
    Missing,
    /// The page has no such form: it was forged, or the configuration has changed since.
    NotOffered,
    Failed(ApiError),
}

fn carry_out(emulator: &Emulator, session: &str, subscription: &str, wish: &Wish) -> Result<(), Refusal> {
    let proration = emulator.act(|store| permit(store, session, subscription, wish))?;
    let done = match wish.act.as_str() {
        "cancel_at_period_end" => emulator.cancel_at_period_end(subscription, true),
        "cancel_now" => emulator.cancel_now(subscription),
        "resume" => emulator.resume(subscription),
        "pay" => emulator.pay_open_invoice(subscription),
        // `change`: nothing else is permitted.
        _ => {
            let item = json!({ "price": wish.price, "quantity": wish.quantity });
            emulator.change_first_item(subscription, item, &proration)
        }
    };
    done.map(drop).map_err(Refusal::Failed)
}

/// How a change is prorated, if the session offers what the form asks for.
fn permit(store: &Store, session: &str, subscription: &str, wish: &Wish) -> Result<String, Refusal> {
    let session = store.table(Kind::PortalSession).get(session).ok_or(Refusal::Missing)?;
    let subscription = store.table(Kind::Subscription).get(subscription).ok_or(Refusal::Missing)?;
    if subscription["customer"] != session["customer"] {
        return Err(Refusal::Missing);
    }
    let offer = Offer::of(store, session);
    if !offer.allows(subscription, wish) {
        return Err(Refusal::NotOffered);
    }
    Ok(offer.proration_behavior().to_owned())
}

fn not_offered(portal: &str) -> Message<'_> {
    Message {
        icon: Icon::Stop,
        title: "The portal does not offer this",
        what: "Its configuration allows no such change, so nothing was changed.",
        link: Some((portal, "Back to billing")),
    }
}
