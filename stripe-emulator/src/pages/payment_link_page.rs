//! `/b/{code}`: a payment link's address, which opens a checkout page of the visitor's own.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use http::StatusCode;
use serde::Deserialize;

use super::html::{Icon, Message};
use crate::emulator::Emulator;
use crate::life::payment_link::{Visitor, by_code};
use crate::wire::value::text;

const MISSING: Message<'_> = Message {
    icon: Icon::Stop,
    title: "This page does not exist",
    what: "There is no such payment link.",
    link: Some(("/panel", "Open the panel")),
};

pub(crate) fn router() -> Router<Emulator> {
    Router::new().route("/b/{code}", get(open))
}

/// What Stripe takes from a link's address.
#[derive(Debug, Deserialize)]
struct Address {
    client_reference_id: Option<String>,
    prefilled_email: Option<String>,
}

async fn open(
    State(emulator): State<Emulator>,
    Path(code): Path<String>,
    Query(address): Query<Address>,
) -> Response {
    let link = emulator.act(|store| by_code(store, &code).map(|link| text(&link["id"]).to_owned()));
    let Some(link) = link else { return MISSING.page(StatusCode::NOT_FOUND) };
    let Address { client_reference_id, prefilled_email } = address;
    match emulator.visit(&link, &Visitor { client_reference_id, prefilled_email }) {
        Ok(session) => Redirect::to(&format!("/c/pay/{}", text(&session["id"]))).into_response(),
        Err(error) => {
            let title = "Nothing is sold here";
            Message { icon: Icon::Stop, title, what: &error.message, link: None }.page(StatusCode::OK)
        }
    }
}
