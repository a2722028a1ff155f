//! `/p/session/{id}`: the customer portal. What it offers is in `portal_offer`, what it looks like in
//! `portal_view`.

use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::StatusCode;
use serde_json::json;

use super::html::{Icon, Message, back_with, page};
use super::portal_offer::{Offer, Wish};
use super::portal_view::{Said, portal};
use crate::emulator::Emulator;
use crate::store::{Kind, Store};
use crate::wire::errors::ApiError;

const MISSING: Message<'_> = Message {
    icon: Icon::Stop,
    title: "This page does not exist",
    what: "There is no such portal session. Open the portal again from the site you came from.",
    link: Some(("/panel", "Open the panel")),
};

pub(crate) fn router() -> Router<Emulator> {
    Router::new().route("/p/session/{id}", get(show)).route("/p/session/{id}/{subscription}", post(act))
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
        Ok(done) => Redirect::to(&format!("{here}?done={done}")).into_response(),
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

/// Does what a form asks for, and names what that came to.
fn carry_out<'w>(
    emulator: &Emulator,
    session: &str,
    subscription: &str,
    wish: &'w Wish,
) -> Result<&'w str, Refusal> {
    let done = match emulator.act(|store| permit(store, session, subscription, wish))? {
        Permit::Act => match wish.act.as_str() {
            "cancel_at_period_end" => emulator.cancel_at_period_end(subscription, true),
            "cancel_now" => emulator.cancel_now(subscription),
            "keep" => emulator.keep_plan(subscription),
            "resume" => emulator.resume(subscription),
            // `pay`: nothing else is permitted.
            _ => emulator.pay_open_invoice(subscription),
        },
        Permit::Change(proration) => {
            let item = json!({ "price": wish.price, "quantity": wish.quantity });
            emulator.change_first_item(subscription, item, &proration)
        }
        Permit::ChangeLater => {
            let planned = emulator.schedule_change(subscription, wish.price.as_deref(), wish.quantity);
            return planned.map(|_| "schedule").map_err(Refusal::Failed);
        }
    };
    done.map(|_| wish.act.as_str()).map_err(Refusal::Failed)
}

/// How the session offers what the form asks for.
enum Permit {
    Act,
    /// At once, prorated like this.
    Change(String),
    /// When the period ends.
    ChangeLater,
}

fn permit(store: &Store, session: &str, subscription: &str, wish: &Wish) -> Result<Permit, Refusal> {
    let session = store.table(Kind::PortalSession).get(session).ok_or(Refusal::Missing)?;
    let subscription = store.table(Kind::Subscription).get(subscription).ok_or(Refusal::Missing)?;
    if subscription["customer"] != session["customer"] {
        return Err(Refusal::Missing);
    }
    let offer = Offer::of(store, session);
    if !offer.allows(subscription, wish) {
        return Err(Refusal::NotOffered);
    }
    Ok(match wish.act.as_str() {
        "change" if offer.waits(subscription, wish) => Permit::ChangeLater,
        "change" => Permit::Change(offer.proration_behavior().to_owned()),
        _ => Permit::Act,
    })
}

fn not_offered(portal: &str) -> Message<'_> {
    Message {
        icon: Icon::Stop,
        title: "The portal does not offer this",
        what: "Its configuration allows no such change, so nothing was changed.",
        link: Some((portal, "Back to billing")),
    }
}
