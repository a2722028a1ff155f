//! Objects that an event names and does not carry.

use serde_json::value::RawValue;

use super::{TO_NOTE, is_unknown};
use crate::billing::route::{self, Work};
use crate::db::webhook_events::{Effect, EventRef};
use crate::deadline;
use crate::domain::subscription::Snapshot;
use crate::error::Error;
use crate::stripe::Stripe;
use crate::stripe::event::{Event, Related};
use crate::stripe::wire::subscription::Subscription;
use stripe_core::event::RetrieveEvent;

/// The object that a thin event names.
pub(super) enum Named {
    /// The event carries it, or what it is about needs none: a subscription is read later, by the rule of
    /// reads.
    Carried,
    /// As it is now.
    Fetched(Box<RawValue>),
    /// Stripe does not know it any more.
    Unknown,
}

/// Asks Stripe for it.
///
/// # Errors
/// If the event names none, or Stripe cannot be asked.
pub(super) async fn named_object(stripe: &Stripe, event: &Event<'_>) -> Result<Named, Error> {
    if !event.is_thin() || event.counted_kind() == "other" || event.kind.starts_with("customer.subscription.")
    {
        return Ok(Named::Carried);
    }
    let related = event.related()?;
    let reading = async { Ok::<_, Error>(stripe.related(related).await) };
    match deadline::hold(TO_NOTE, Box::pin(reading)).await? {
        Ok(Some(object)) => Ok(Named::Fetched(object)),
        Ok(None) => Ok(Named::Unknown),
        Err(error) if is_unknown(&error) => Ok(Named::Unknown),
        Err(error) => Err(error.into()),
    }
}

/// Reads the charge that an event only names. None: Stripe does not know it.
///
/// # Errors
/// If Stripe cannot be asked, or the charge cannot be read.
pub(super) async fn with_charge(
    stripe: &Stripe,
    event: &Event<'_>,
    work: Work,
) -> Result<Option<Work>, Error> {
    let Effect::NamedCharge(id) = &work.effect else { return Ok(Some(work)) };
    let related = Related { id: id.clone(), kind: "charge".to_owned() };
    let reading = async { Ok::<_, Error>(stripe.related(&related).await) };
    match deadline::hold(TO_NOTE, Box::pin(reading)).await? {
        Ok(Some(object)) => route::charge(event, &object).map(Some).map_err(Error::from),
        Ok(None) => Ok(None),
        Err(error) if is_unknown(&error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The state that a thin event stands for: what was paid last may be seen nowhere else. None: Stripe does not
/// keep the event any more (it does for 30 days), or it stands for none.
pub(super) async fn kept_state(stripe: &Stripe, event: &EventRef) -> Result<Option<Box<Snapshot>>, Error> {
    match stripe.get::<Box<RawValue>>(&RetrieveEvent::new(event.id.as_str())).await {
        Ok(body) => {
            let subscription = Event::parse(body.get().as_bytes())?.object::<Subscription>()?;
            // Of one whose items are not all there nobody knows what was paid.
            Ok((!subscription.is_cut()).then(|| Box::new(Snapshot::from(subscription))))
        }
        Err(error) if is_unknown(&error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
