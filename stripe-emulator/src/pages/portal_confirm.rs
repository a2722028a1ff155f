//! The form of the portal's page for one thing.

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::html::{Icon, Message, back_with};
use super::portal_act::{Refusal, carry_out, missing, not_offered};
use super::portal_flow::ahead;
use crate::emulator::Emulator;
use crate::life::portal_offer::{Offer, Wish};
use crate::store::Kind;
use crate::wire::value::text;

/// What the form of the page holds.
#[derive(Debug, Deserialize)]
pub(super) struct Given {
    card: Option<String>,
}

/// The form of the page was sent.
pub(super) async fn act(
    State(emulator): State<Emulator>,
    Path(id): Path<String>,
    given: Result<Form<Given>, FormRejection>,
) -> Response {
    let here = format!("/p/session/{id}");
    let session = emulator.act(|store| store.table(Kind::PortalSession).get(&id).cloned());
    let Some(session) = session else { return missing() };
    let (Some(flow), Ok(Form(given))) = (ahead(&session), given) else { return not_offered(&here) };
    match confirm(&emulator, &session, flow, &given) {
        Ok(()) => {}
        Err(Refusal::Missing) => return missing(),
        Err(Refusal::NotOffered) => return not_offered(&here),
        Err(Refusal::Failed(error)) => return back_with(&here, &error.message),
    }
    // Err: there is no such session; it was just found.
    let _ = emulator
        .act(|store| store.alter(Kind::PortalSession, &id, |session| session["_flow_done"] = true.into()));
    let after = &flow["after_completion"];
    match text(&after["type"]) {
        "redirect" => Redirect::to(text(&after["redirect"]["return_url"])).into_response(),
        "hosted_confirmation" => {
            let what = after["hosted_confirmation"]["custom_message"].as_str();
            let what = what.unwrap_or("You can close this page.");
            let back = session["return_url"].as_str().map(|url| (url, "Return to the site"));
            Message { icon: Icon::Done, title: "Done", what, link: back }.page(StatusCode::OK)
        }
        _ => Redirect::to(&here).into_response(),
    }
}

fn confirm(emulator: &Emulator, session: &Value, flow: &Value, given: &Given) -> Result<(), Refusal> {
    let kind = text(&flow["type"]);
    let wish = match kind {
        "subscription_update_confirm" => Wish::of(flow),
        "subscription_cancel" => {
            let mode = emulator.act(|store| Offer::of(store, session).cancel_mode().map(str::to_owned));
            let act =
                if mode.as_deref() == Some("immediately") { "cancel_now" } else { "cancel_at_period_end" };
            Wish { act: act.to_owned(), ..Wish::default() }
        }
        _ => {
            let declines = given.card.as_deref() == Some("declined");
            let method = if declines { "pm_card_chargeCustomerFail" } else { "pm_card_visa" };
            let customer = text(&session["customer"]);
            return emulator.give_card(customer, method).map(drop).map_err(Refusal::Failed);
        }
    };
    carry_out(emulator, text(&session["id"]), text(&flow[kind]["subscription"]), &wish).map(drop)
}
