//! Stripe's list of the events that we process: newest first, for the 30 days that Stripe keeps them (Stripe
//! API reference, "Events").

use serde::Deserialize;
use serde_json::value::RawValue;
use stripe_core::event::ListEvent;
use stripe_types::{RangeBoundsTs, RangeQueryTs};

use super::event::PROCESSED;
use super::wire::Listing;
use super::{Error, Stripe};

/// Events of one page: the most that Stripe gives.
const PAGE: i64 = 100;

/// Which events are listed. By default all.
#[derive(Clone, Copy, Debug, Default)]
pub struct EventFilter {
    /// Made at this time or later. Unix seconds on Stripe's clock.
    pub from: Option<i64>,
    /// Made before this time. Unix seconds on Stripe's clock.
    pub before: Option<i64>,
    /// Only those that an endpoint has not answered with success.
    pub undelivered: bool,
}

/// An event of the list.
#[derive(Debug)]
pub struct ListedEvent {
    /// Stripe's id.
    pub id: String,
    /// When it was made. Unix seconds on Stripe's clock; None: it does not say.
    pub created: Option<i64>,
    /// The event as a delivery would carry it.
    pub body: Box<RawValue>,
}

/// Reads the page that begins after the event `after`, or the first page.
///
/// # Errors
/// If Stripe fails, or an event has no id.
pub async fn page(
    stripe: &Stripe,
    which: EventFilter,
    after: Option<&str>,
) -> Result<Listing<ListedEvent>, Error> {
    #[derive(Deserialize)]
    struct Head {
        id: String,
        created: Option<i64>,
    }
    let mut request = ListEvent::new().types(PROCESSED.map(str::to_owned).to_vec()).limit(PAGE);
    if which.from.or(which.before).is_some() {
        request = request.created(RangeQueryTs::Bounds(RangeBoundsTs {
            gte: which.from,
            lt: which.before,
            ..RangeBoundsTs::default()
        }));
    }
    if which.undelivered {
        request = request.delivery_success(false);
    }
    if let Some(after) = after {
        request = request.starting_after(after);
    }
    let Listing { data, has_more } = stripe.get::<Listing<Box<RawValue>>>(&request).await?;
    let mut events = Vec::with_capacity(data.len());
    for body in data {
        let Head { id, created } = serde_json::from_str(body.get())?;
        if after == Some(id.as_str()) {
            return Err(Error::repeated_page());
        }
        events.push(ListedEvent { id, created, body });
    }
    Ok(Listing { data: events, has_more })
}
