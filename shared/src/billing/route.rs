//! The one table from event type to what is done.

use crate::db::webhook_events::Effect;
use crate::domain::ids::{CustomerId, OrgId, SubscriptionId};
use crate::domain::payment;
use crate::domain::subscription::Snapshot;
use crate::stripe::event::{Event, Unreadable};
use crate::stripe::wire::charge::{Charge, Dispute, Refund};
use crate::stripe::wire::checkout_session::CheckoutSession;
use crate::stripe::wire::invoice::Invoice;
use crate::stripe::wire::schedule::NamedSchedule;
use crate::stripe::wire::subscription::Subscription;
use crate::stripe::wire::test_clock::TestClock;
use jiff::Timestamp;
use serde_json::value::RawValue;

/// What an event is about.
#[derive(Debug)]
pub struct Work {
    /// The organizations that metadata names, which only the account can write; best first.
    pub orgs: Vec<OrgId>,
    /// The organization that a visitor may have typed. None: none.
    pub reference: Option<OrgId>,
    /// The customer that it names. None: it names none.
    pub customer: Option<CustomerId>,
    /// What it changes.
    pub effect: Effect,
    /// It is an invoice that was paid, with more than nothing.
    pub paid: bool,
}

impl Work {
    fn new(orgs: Vec<OrgId>, customer: Option<CustomerId>, effect: Effect) -> Self {
        Self { orgs, reference: None, customer, effect, paid: false }
    }
}

/// Decides what an event is about. None: nothing of ours, with the reason beside the arm.
pub fn route(event: &Event<'_>) -> Result<Option<Work>, Unreadable> {
    Ok(match event.kind.as_str() {
        // These carry the subscription's whole state, or name it.
        "customer.subscription.created"
        | "customer.subscription.updated"
        | "customer.subscription.deleted"
        | "customer.subscription.paused"
        | "customer.subscription.resumed"
            if event.is_thin() =>
        {
            let id = SubscriptionId::from(event.related()?.id.as_str());
            Some(Work::new(Vec::new(), None, Effect::Named(id)))
        }
        "customer.subscription.created"
        | "customer.subscription.updated"
        | "customer.subscription.deleted"
        | "customer.subscription.paused"
        | "customer.subscription.resumed" => {
            let subscription = event.object::<Subscription>()?;
            let is_cut = subscription.is_cut();
            let snapshot = Snapshot { livemode: event.livemode, ..Snapshot::from(subscription) };
            let (orgs, customer) = (snapshot.orgs.clone(), snapshot.customer.clone());
            // What it carries is not all that is sold: it is read.
            let effect = match is_cut {
                true => Effect::Named(snapshot.id),
                false => Effect::Snapshot(Box::new(snapshot)),
            };
            Some(Work::new(orgs, customer, effect))
        }
        // These name the subscription that they changed. An invoice without one was made by hand.
        "invoice.payment_succeeded" | "invoice.paid" | "invoice.payment_failed" => {
            let invoice = event.object::<Invoice>()?;
            let paid = event.kind != "invoice.payment_failed" && invoice.has_money();
            let work = |id| Work { paid, ..Work::new(invoice.orgs(), invoice.customer(), Effect::Named(id)) };
            invoice.subscription().map(work)
        }
        "checkout.session.completed" | "checkout.session.async_payment_succeeded" => session(event, false)?,
        "checkout.session.async_payment_failed" => session(event, true)?,
        // Money went back.
        "charge.refunded" => {
            let charge = event.object::<Charge>()?;
            let orgs = charge.org().into_iter().collect();
            Some(charged(event, orgs, charge.into()))
        }
        "charge.dispute.created" | "charge.dispute.updated" | "charge.dispute.closed" => {
            Some(charged(event, Vec::new(), event.object::<Dispute>()?.into()))
        }
        // One that failed after all: the charge says what is left. That it succeeded, charge.refunded said.
        "charge.refund.updated" | "refund.failed" | "refund.updated" => event
            .object::<Refund>()?
            .failed_charge()
            .map(|id| Work::new(Vec::new(), None, Effect::NamedCharge(id))),
        // Another change is planned, and the subscription still names the same schedule.
        "subscription_schedule.updated" => {
            let schedule = event.object::<NamedSchedule>()?;
            let work = |id| Work::new(Vec::new(), schedule.customer(), Effect::Named(id));
            schedule.subscription().map(work)
        }
        "test_helpers.test_clock.ready" => {
            let clock = event.object::<TestClock>()?;
            let effect = Effect::TestClock { id: clock.id, frozen_at: clock.frozen_time };
            Some(Work::new(Vec::new(), None, effect))
        }
        // What changes no subscription and no payment.
        _ => None,
    })
}

/// The same for an event that only names its charge, with the charge as it is now.
pub fn charge(event: &Event<'_>, object: &RawValue) -> Result<Work, Unreadable> {
    let charge = event.with_object(object).object::<Charge>()?;
    let orgs = charge.org().into_iter().collect();
    Ok(charged(event, orgs, charge.into()))
}

/// What an event says of a charge.
fn charged(event: &Event<'_>, orgs: Vec<OrgId>, charge: payment::Charge) -> Work {
    let charge = payment::Charge { livemode: event.livemode, ..charge };
    Work::new(orgs, charge.customer.clone(), Effect::Charge(charge))
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
        // A payment link takes the reference from its address, which anybody may write.
        reference: session.reference(),
        ..Work::new(session.org().into_iter().collect(), session.customer(), effect)
    }))
}

#[cfg(test)]
mod tests {
    use crate::stripe::event::PROCESSED;

    use super::*;

    /// Every type of the families that we have to do with (Stripe API, "Types of events").
    const FAMILIES: [(&str, &str); 10] = [
        (
            "customer.subscription",
            "created deleted paused pending_update_applied pending_update_expired resumed trial_will_end \
             updated",
        ),
        ("charge", "captured expired failed pending refunded succeeded updated"),
        ("charge.refund", "updated"),
        ("charge.dispute", "closed created funds_reinstated funds_withdrawn updated"),
        ("checkout.session", "async_payment_failed async_payment_succeeded completed expired"),
        (
            "invoice",
            "created deleted finalization_failed finalized marked_uncollectible overdue overpaid paid \
             payment_action_required payment_attempt_required payment_failed payment_succeeded sent \
             upcoming updated voided will_be_due",
        ),
        ("customer", "created deleted updated"),
        ("refund", "created failed updated"),
        ("test_helpers.test_clock", "advancing created deleted internal_failure ready"),
        // That it begins or ends, the subscription's own events tell.
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
                        "id": "sub_1", "customer": "cus_1", "status": "failed", "mode": "subscription",
                        "subscription": "sub_1",
                        "created": 1, "items": {{"data": []}}, "charge": "ch_1", "frozen_time": 1 }}}}}}"#
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
