//! What the forms of the customer portal do, and what they may not.

use axum::response::Response;
use http::StatusCode;
use serde_json::json;

use super::html::{Icon, Message};
use crate::emulator::Emulator;
use crate::life::portal_offer::{Offer, Wish};
use crate::store::{Kind, Store};
use crate::wire::errors::ApiError;

const MISSING: Message<'_> = Message {
    icon: Icon::Stop,
    title: "This page does not exist",
    what: "There is no such portal session. Open the portal again from the site you came from.",
    link: Some(("/panel", "Open the panel")),
};

pub(super) fn missing() -> Response {
    MISSING.page(StatusCode::NOT_FOUND)
}

/// Why a form changed nothing.
pub(super) enum Refusal {
    /// There is no such session, or the subscription is not its customer's.
    Missing,
    /// The page has no such form: it was forged, or the configuration has changed since.
    NotOffered,
    Failed(ApiError),
}

/// Does what a form asks for, and names what that came to.
pub(super) fn carry_out<'w>(
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
            _ => match wish.invoice.as_deref() {
                Some(invoice) => emulator.pay_invoice(subscription, invoice),
                None => emulator.pay_open_invoice(subscription),
            },
        },
        Permit::Change(proration) => {
            let item = json!({ "price": wish.price, "quantity": wish.quantity });
            emulator.change_first_item(subscription, item, &proration)
        }
        Permit::None => return Ok("nothing"),
        Permit::ChangeLater => {
            let planned = emulator.schedule_change(subscription, wish.price.as_deref(), wish.quantity);
            return planned.map(|_| "schedule").map_err(Refusal::Failed);
        }
    };
    done.map(|_| wish.act.as_str()).map_err(Refusal::Failed)
}

/// How the session offers what the form asks for.
enum Permit {
    /// It is so already.
    None,
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
        "change" if offer.is_so_already(subscription, wish) => Permit::None,
        "change" if offer.waits(subscription, wish) => Permit::ChangeLater,
        "change" => Permit::Change(offer.proration_behavior().to_owned()),
        _ => Permit::Act,
    })
}

pub(super) fn not_offered(portal: &str) -> Response {
    Message {
        icon: Icon::Stop,
        title: "The portal does not offer this",
        what: "Its configuration allows no such change, so nothing was changed.",
        link: Some((portal, "Back to billing")),
    }
    .page(StatusCode::FORBIDDEN)
}
