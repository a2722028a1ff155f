//! What discounts take off that an event only names. Nothing that anybody may do depends on it: so Stripe is
//! not waited for long, and without its answer the event is applied all the same.

use std::time::Duration;

use tokio::time::timeout;

use super::ask_stripe;
use crate::db::webhook_events::EventToApply;
use crate::error::Error;
use crate::stripe::{self, Stripe};

/// How long Stripe is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Reads the subscription, with its discounts. If Stripe is ill, the next event, sync or reconciliation asks
/// again.
pub(super) async fn read(stripe: &Stripe, to_apply: EventToApply, version: i64) -> EventToApply {
    let unread = EventToApply { discounts_unread: true, ..to_apply.clone() };
    let asked = timeout(PATIENCE, Box::pin(ask_stripe(stripe, to_apply, version))).await;
    match asked.unwrap_or_else(|_| Err(late())) {
        Ok(read) => read,
        Err(error) => {
            tracing::warn!(
                target: "billing", event = unread.event.id, %error,
                "what a discount takes off is not known yet"
            );
            unread
        }
    }
}

fn late() -> Error {
    stripe::Error::Unreachable("no answer in time".to_owned()).into()
}
