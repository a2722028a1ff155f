//! What is put on the wire for a post, and what the log keeps of the attempt.

use serde_json::Value;

use crate::store::events::DeliveryState;
use crate::store::outbox::Post;
use crate::store::{Kind, Store};
use crate::wire::errors::ApiError;
use crate::wire::value::text;
use crate::wire::versions::NEWEST;

/// What is put on the wire.
pub(super) struct Letter {
    pub(super) url: String,
    pub(super) secret: String,
    pub(super) body: String,
}

impl Letter {
    /// The letter of a post, unless it was dropped or its endpoint is gone or disabled.
    pub(super) fn of(store: &Store, post: &Post) -> Option<Letter> {
        let endpoint = store.table(Kind::WebhookEndpoint).get(&post.endpoint)?;
        let event = store.events.get(&post.event)?;
        let delivery = event.deliveries.iter().find(|delivery| delivery.endpoint == post.endpoint)?;
        let is_wanted = delivery.state != DeliveryState::Dropped && endpoint["status"] == "enabled";
        let version = endpoint["api_version"].as_str().unwrap_or(NEWEST);
        is_wanted.then(|| Letter {
            url: text(&endpoint["url"]).to_owned(),
            secret: text(&endpoint["_secret"]).to_owned(),
            body: pretty(&event.render(version)),
        })
    }
}

/// A post to every endpoint that an event was addressed to.
pub(super) fn posts_of(store: &Store, event: &str) -> Result<Vec<Post>, ApiError> {
    let found =
        store.events.get(event).ok_or_else(|| ApiError::no_such("event", event, "event").status(404))?;
    Ok(found.deliveries.iter().map(|delivery| Post::first(event, &delivery.endpoint)).collect())
}

pub(super) fn note_attempt(store: &mut Store, post: &Post, status: u16, state: DeliveryState) {
    if let Some(delivery) = store.delivery_mut(&post.event, &post.endpoint) {
        delivery.attempts.push(status);
        // A duplicate or a late copy that fails does not undo a success.
        if !matches!(delivery.state, DeliveryState::Succeeded | DeliveryState::Dropped) {
            delivery.state = state;
        }
    }
}

/// Stripe sends indented bodies, so a receiver that parses and prints before it verifies is found out.
fn pretty(event: &Value) -> String {
    serde_json::to_string_pretty(event).unwrap_or_default()
}
