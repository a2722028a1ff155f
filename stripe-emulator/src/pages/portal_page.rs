//! `/p/session/{id}`: the customer portal. What it looks like is in `portal_view`, what its
//! forms do in `portal_act`.

use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use super::html::{back_with, page};
use super::portal_act::{Refusal, carry_out, missing, not_offered};
use super::portal_confirm;
use super::portal_preview;
use super::portal_view::{Said, portal};
use crate::emulator::Emulator;
use crate::life::portal_offer::Wish;

pub(crate) fn router() -> Router<Emulator> {
    Router::new()
        .route("/p/session/{id}", get(show))
        .route("/p/session/{id}/flow", post(portal_confirm::act))
        .route("/p/session/{id}/{subscription}", post(act))
        .route("/p/session/{id}/{subscription}/change", get(portal_preview::show))
}

async fn show(
    State(emulator): State<Emulator>,
    Path(id): Path<String>,
    Query(said): Query<Said>,
) -> Response {
    match emulator.act(|store| portal(store, &id, &said)) {
        Some(main) => page("Billing", &main),
        None => missing(),
    }
}

async fn act(
    State(emulator): State<Emulator>,
    Path((id, subscription)): Path<(String, String)>,
    wish: Result<Form<Wish>, FormRejection>,
) -> Response {
    let here = format!("/p/session/{id}");
    let Ok(Form(wish)) = wish else { return not_offered(&here) };
    match carry_out(&emulator, &id, &subscription, &wish) {
        Ok(done) => Redirect::to(&format!("{here}?done={done}")).into_response(),
        Err(Refusal::Missing) => missing(),
        Err(Refusal::NotOffered) => not_offered(&here),
        Err(Refusal::Failed(error)) => back_with(&here, &error.message),
    }
}
