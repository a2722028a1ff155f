//! What discounts take off that an event only names, and what a schedule plans. Nothing that anybody may do
//! depends on it: so without Stripe's answer the event is applied all the same.

use super::ask_stripe;
use crate::db::webhook_events::EventToApply;
use crate::stripe::Stripe;

/// Reads the subscription, with both. If Stripe is ill, the next event, sync or reconciliation asks
/// again.
pub(super) async fn read(stripe: &Stripe, to_apply: EventToApply, version: i64) -> EventToApply {
    let unread = EventToApply { discounts_unread: true, ..to_apply.clone() };
    match ask_stripe(stripe, to_apply, version).await {
        Ok(read) => read,
        Err(error) => {
            tracing::warn!(
                target: "billing", event = unread.event.id, %error,
                "what a discount takes off or a schedule plans is not known yet"
            );
            unread
        }
    }
}
