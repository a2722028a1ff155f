//! The one table from event type to what is done.

use crate::db::webhook_events::Effect;
use crate::domain::ids::{CustomerId, OrgId, SubscriptionId};
use crate::domain::subscription::Snapshot;
use crate::stripe::event::{Event, Unreadable};
use crate::stripe::wire::checkout_session::CheckoutSession;
use crate::stripe::wire::invoice::Invoice;
use crate::stripe::wire::subscription::Subscription;
use jiff::Timestamp;

/// What an event is about.
#[derive(Debug)]
pub struct Work {
    /// The organizations that it names, best first.
    pub orgs: Vec<OrgId>,
    /// The customer that it names.
    pub customer: Option<CustomerId>,
    /// Only we could have put customer and organization together.
    pub customer_is_theirs: bool,
    /// What it changes.
    pub effect: Effect,
}

/// Decides what an event is about. None: nothing of ours, with the reason beside the arm.
pub fn route(event: &Event<'_>) -> Result<Option<Work>, Unreadable> {
    match event.kind.as_str() {
        // These carry the subscription's whole state, or name it.
        "customer.subscription.created"
        | "customer.subscription.updated"
        | "customer.subscription.deleted"
        | "customer.subscription.paused"
        | "customer.subscription.resumed"
            if event.is_thin() =>
        {
            Ok(Some(Work {
                orgs: Vec::new(),
                customer: None,
                customer_is_theirs: true,
                effect: Effect::Named(SubscriptionId::from(event.related()?.id.as_str())),
            }))
        }
        "customer.subscription.created"
        | "customer.subscription.updated"
        | "customer.subscription.deleted"
        | "customer.subscription.paused"
        | "customer.subscription.resumed" => {
            let snapshot =
                Snapshot { livemode: event.livemode, ..Snapshot::from(event.object::<Subscription>()?) };
            Ok(Some(Work {
                orgs: snapshot.org.into_iter().collect(),
                customer: Some(snapshot.customer.clone()),
                customer_is_theirs: true,
                effect: Effect::Snapshot(Box::new(snapshot)),
            }))
        }
        // These name the subscription that they changed.
        "invoice.payment_succeeded" | "invoice.paid" | "invoice.payment_failed" => {
            let invoice = event.object::<Invoice>()?;
            Ok(invoice.subscription().map(|subscription| Work {
                orgs: invoice.orgs(),
                customer: invoice.customer(),
                customer_is_theirs: true,
                effect: Effect::Named(subscription),
            }))
        }
        "checkout.session.completed" | "checkout.session.async_payment_succeeded" => {
            Ok(session(event, false)?)
        }
        "checkout.session.async_payment_failed" => Ok(session(event, true)?),
        // What changes no subscription and no payment.
        _ => Ok(None),
    }
}

/// A session bought a subscription or a one-time payment; one of mode `setup` only stored a card.
fn session(event: &Event<'_>, failed: bool) -> Result<Option<Work>, Unreadable> {
    let session = event.object::<CheckoutSession>()?;
    let effect = match session.mode.as_deref() {
        Some("payment") => Some(Effect::Payment(
            session.payment(failed, Timestamp::from_second(event.created).unwrap_or_default()),
        )),
        // Before 2019 a session had no mode.
        Some("subscription") | None => session.subscription().map(Effect::Named),
        _ => None,
    };
    Ok(effect.map(|effect| Work {
        orgs: session.orgs(),
        customer: session.customer(),
        // A payment link takes the reference from its address, which anybody may write: that pays for an
        // organization, no more.
        customer_is_theirs: session.is_ours(),
        effect,
    }))
}

#[cfg(test)]
mod tests {
    use crate::stripe::event::PROCESSED;

    use super::*;

    /// Every type of the families that we have to do with (Stripe API, "Types of events").
    const FAMILIES: [(&str, &str); 5] = [
        (
            "customer.subscription",
            "created deleted paused pending_update_applied pending_update_expired resumed trial_will_end updated",
        ),
        ("checkout.session", "async_payment_failed async_payment_succeeded completed expired"),
        (
            "invoice",
            "created deleted finalization_failed finalized marked_uncollectible overdue overpaid paid payment_action_required \
             payment_attempt_required payment_failed payment_succeeded sent upcoming updated voided will_be_due",
        ),
        ("customer", "created deleted updated"),
        // What a schedule does to a subscription, the subscription's own events tell.
        ("subscription_schedule", "aborted canceled completed created expiring released updated"),
    ];

    #[test]
    fn exactly_the_events_that_the_endpoint_is_sent_are_processed() {
        let mut processed = Vec::new();
        for (family, kinds) in FAMILIES {
            for kind in kinds.split_whitespace() {
                // An object that any of them could carry: whether there is work depends on the type alone.
                let event = format!(
                    r#"{{"id": "evt_1", "type": "{family}.{kind}", "created": 1, "data": {{"object": {{
                        "id": "sub_1", "customer": "cus_1", "status": "active", "mode": "subscription", "subscription": "sub_1",
                        "created": 1, "items": {{"data": []}} }}}}}}"#
                );
                let event = Event::parse(event.as_bytes()).unwrap();
                if route(&event).unwrap().is_some() {
                    processed.push(event.kind.clone());
                }
            }
        }
        processed.sort_unstable();
        assert_eq!(processed, PROCESSED);
    }
}
