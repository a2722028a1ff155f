//! What is put on the wire for a post, and what the log keeps of the attempt.

use serde_json::Value;

use crate::store::Store;
use crate::store::events::DeliveryState;
use crate::store::outbox::Post;
use crate::wire::errors::ApiError;

/// What is put on the wire.
pub(super) struct Letter {
    pub(super) url: String,
    pub(super) secret: String,
    pub(super) body: String,
}

impl Letter {
    /// The letter of a post, unless it was dropped or its endpoint is gone or disabled.
    pub(super) fn of(store: &Store, post: &Post) -> Option<Letter> {
        let receiver = store.receiver(&post.endpoint)?;
        let event = store.events.get(&post.event)?;
        let delivery = event.deliveries.iter().find(|delivery| delivery.endpoint == post.endpoint)?;
        let is_wanted = delivery.state != DeliveryState::Dropped && receiver.is_enabled();
        let is_thin = receiver.is_thin() || !event.has_snapshot();
        is_wanted.then(|| Letter {
            url: receiver.url().to_owned(),
            secret: receiver.secret().to_owned(),
            body: pretty(&if is_thin { event.render_thin() } else { event.render(receiver.version()) }),
        })
    }
}

/// A post to everybody whom an event was addressed to. The id may be that of its thin form.
pub(super) fn posts_of(store: &Store, event: &str) -> Result<Vec<Post>, ApiError> {
    let found =
        store.events.find(event).ok_or_else(|| ApiError::no_such("event", event, "event").status(404))?;
    Ok(found.deliveries.iter().map(|delivery| Post::first(&found.id, &delivery.endpoint)).collect())
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
