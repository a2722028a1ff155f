//! `/_emulator` on money that was paid: refunds that fail, disputes, visitors of payment links.

use axum::extract::{Path, State};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;

use super::outcome::{Outcome, no_such_act};
use crate::emulator::Emulator;
use crate::life::payment_link::Visitor;

pub(super) fn router() -> Router<Emulator> {
    Router::new()
        .route("/refund", post(refund))
        .route("/refund/{id}/{act}", post(settle_refund))
        .route("/dispute", post(open_dispute))
        .route("/dispute/{id}/{act}", post(close_dispute))
        .route("/payment_link/{id}/open", post(open_link))
}

#[derive(Debug, Deserialize)]
struct Refund {
    /// A charge or a payment intent.
    payment: String,
    amount: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct Dispute {
    /// A charge or a payment intent.
    payment: String,
    #[serde(default)]
    inquiry: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Visit {
    client_reference_id: Option<String>,
    prefilled_email: Option<String>,
}

async fn refund(State(emulator): State<Emulator>, Json(wish): Json<Refund>) -> Outcome {
    Outcome(emulator.refund(&wish.payment, wish.amount))
}

async fn settle_refund(State(emulator): State<Emulator>, Path((id, act)): Path<(String, String)>) -> Outcome {
    Outcome(match act.as_str() {
        "succeed" => emulator.settle_refund(&id, true),
        "fail" => emulator.settle_refund(&id, false),
        other => Err(no_such_act(other)),
    })
}

async fn open_dispute(State(emulator): State<Emulator>, Json(wish): Json<Dispute>) -> Outcome {
    Outcome(match wish.inquiry {
        true => emulator.open_inquiry(&wish.payment),
        false => emulator.open_dispute(&wish.payment),
    })
}

async fn close_dispute(State(emulator): State<Emulator>, Path((id, act)): Path<(String, String)>) -> Outcome {
    Outcome(match act.as_str() {
        "win" => emulator.close_dispute(&id, true),
        "lose" => emulator.close_dispute(&id, false),
        other => Err(no_such_act(other)),
    })
}

async fn open_link(
    State(emulator): State<Emulator>,
    Path(id): Path<String>,
    visit: Option<Json<Visit>>,
) -> Outcome {
    let Visit { client_reference_id, prefilled_email } = visit.map(|Json(visit)| visit).unwrap_or_default();
    Outcome(emulator.visit(&id, &Visitor { client_reference_id, prefilled_email }))
}
