//! Putting one event through the pipeline once more, as if it had been delivered now. What is processed
//! already changes nothing.

use std::time::Instant;

use serde_json::value::RawValue;
use stripe_core::event::RetrieveEvent;

use crate::billing::Resources;
use crate::billing::apply_event::{apply_event, is_unknown};
use crate::billing::limits::Limits;
use crate::db::webhook_events::{self, EventOutcome};
use crate::error::Error;
use crate::stripe::event::Event;

/// What came of a replay.
#[derive(Debug)]
pub enum Replay {
    /// The event is processed.
    Processed(EventOutcome),
    /// It failed, which is noted with the event if it could be read.
    Failed(Error),
    /// Stripe does not have it any more, which is noted, so that the reconciliation does not ask for it
    /// again.
    Gone,
}

/// Asks Stripe for the event and replays it.
///
/// # Errors
/// If Stripe cannot be asked, or the database fails: there is no use in going on with other events.
pub async fn replay_event(resources: &Resources<'_>, id: &str, limits: &Limits) -> Result<Replay, Error> {
    limits.pace().await;
    match resources.stripe()?.get::<Box<RawValue>>(&RetrieveEvent::new(id)).await {
        Ok(body) => replay_body(resources, body.get()).await,
        Err(error) if is_unknown(&error) => {
            webhook_events::gone(resources.db()?, id).await?;
            Ok(Replay::Gone)
        }
        Err(error) => Err(error.into()),
    }
}

/// Replays an event that Stripe has just told.
///
/// # Errors
/// If Stripe or the database is not to be had: there is no use in going on with other events.
pub async fn replay_body(resources: &Resources<'_>, body: &str) -> Result<Replay, Error> {
    let result = match Event::parse(body.as_bytes()) {
        Ok(event) => apply_event(resources, &event, Instant::now()).await,
        Err(error) => Err(Error::from(error)),
    };
    match result {
        Ok(outcome) => Ok(Replay::Processed(outcome)),
        Err(error) if error.is_outage() => Err(error),
        Err(error) => Ok(Replay::Failed(error)),
    }
}
