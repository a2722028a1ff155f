//! Putting one event through the pipeline once more, as if it had been delivered now. What is processed
//! already changes nothing.

use std::time::Instant;

use serde::Deserialize;
use serde_json::value::RawValue;
use stripe_core::event::RetrieveEvent;

use crate::billing::Resources;
use crate::billing::apply_event::{apply_event, is_unknown};
use crate::billing::keep_event;
use crate::billing::limits::Limits;
use crate::db::failed_events::{self, State};
use crate::db::webhook_events::{self, EventOutcome};
use crate::error::Error;
use crate::stripe::event::Event;
use crate::stripe::wire::Expandable;

/// What came of a replay.
#[derive(Debug)]
pub enum Replay {
    /// The event is processed.
    Processed(EventOutcome),
    /// It failed, which is noted with the event, and when it is tried again.
    Failed(Failure),
    /// Stripe does not have it any more, which is noted, so that the reconciliation does not ask for it
    /// again.
    Gone,
}

/// An event that failed.
#[derive(Debug)]
pub struct Failure {
    /// Whose it is: the organization's id, or else the best name that is known for it.
    pub organization: String,
    /// Why.
    pub error: Error,
}

/// Asks Stripe for the event, which failed before, and replays it.
///
/// # Errors
/// If the failure concerns every event, or could not be noted: there is no use in going on with others.
pub async fn replay_event(resources: &Resources<'_>, id: &str, limits: &Limits) -> Result<Replay, Error> {
    limits.pace().await;
    match resources.stripe()?.get_one::<Box<RawValue>>(&RetrieveEvent::new(id), id).await {
        Ok(body) => {
            let replay = replay_body(resources, body.get()).await?;
            if matches!(replay, Replay::Processed(_)) {
                webhook_events::settle(resources.db()?, id).await?;
            }
            Ok(replay)
        }
        Err(error) if is_unknown(&error) => {
            webhook_events::gone(resources.db()?, id).await?;
            Ok(Replay::Gone)
        }
        Err(error) => {
            let error = Error::from(error);
            failed_events::postpone(resources.db()?, id, error.code()).await?;
            failed(resources, id, &About::default(), error).await
        }
    }
}

/// Replays an event that Stripe has just told.
///
/// # Errors
/// If the failure concerns every event, or could not be noted: there is no use in going on with others.
pub async fn replay_body(resources: &Resources<'_>, body: &str) -> Result<Replay, Error> {
    let event = match Event::parse(body.as_bytes()) {
        Ok(event) => event,
        Err(problem) => {
            let error = keep_event::unreadable(resources, body.as_bytes(), problem, Instant::now()).await;
            return Ok(Replay::Failed(Failure { organization: "nobody".to_owned(), error }));
        }
    };
    match apply_event(resources, &event, Instant::now()).await {
        Ok(outcome) => Ok(Replay::Processed(outcome)),
        Err(error) => failed(resources, &event.id, &About::of(body), error).await,
    }
}

async fn failed(resources: &Resources<'_>, id: &str, about: &About, error: Error) -> Result<Replay, Error> {
    if error.is_everybodys() {
        return Err(error);
    }
    let object = about.object.as_deref();
    let customer = about.customer.as_deref();
    match failed_events::state(resources.db()?, id, object, customer).await? {
        Some(State::Failed { org }) => {
            let organization = org.map(|org| org.to_string()).or(about.customer.clone());
            let organization = organization.or(about.object.clone()).unwrap_or_else(|| id.to_owned());
            Ok(Replay::Failed(Failure { organization, error }))
        }
        // A delivery by Stripe was luckier.
        Some(State::Processed) => Ok(Replay::Processed(EventOutcome::Duplicate)),
        None => Err(error),
    }
}

/// What tells whose an event is, in either form.
#[derive(Debug, Default)]
struct About {
    object: Option<String>,
    customer: Option<String>,
}

impl About {
    fn of(body: &str) -> Self {
        #[derive(Deserialize)]
        struct Envelope {
            data: Option<Data>,
            related_object: Option<Object>,
        }
        #[derive(Deserialize)]
        struct Data {
            object: Option<Object>,
        }
        #[derive(Deserialize)]
        struct Object {
            id: Option<String>,
            customer: Option<Expandable>,
        }
        let Ok(Envelope { data, related_object }) = serde_json::from_str(body) else {
            return Self::default();
        };
        let Some(object) = data.and_then(|data| data.object).or(related_object) else {
            return Self::default();
        };
        Self { object: object.id, customer: object.customer.map(|customer| customer.0) }
    }
}
