//! Much at once.

use futures_util::future::join_all;

use super::{Playing, World};
use crate::model::Act;

/// Fifty instances get the same event at the same moment. One applies it.
pub fn duplicates(world: &World) -> Playing<'_> {
    Box::pin(async move {
        let mut seen = 0;
        loop {
            world.until_empty().await?;
            // All are there before the first one is asked.
            seen = seen.max(world.t.stripe.events().len());
            world.step(Act::ChangeQuantity, seen);
            let events = world.t.stripe.events_after(seen);
            let event = events.first().ok_or("nothing happened at Stripe")?;
            let taken = join_all((0..world.webhook.count()).map(|_| world.send(event))).await;
            if !taken.iter().any(|taken| *taken) {
                return Err(format!("nobody took {event}"));
            }
            if !world.goes_on() {
                return Ok(());
            }
        }
    })
}

/// All subscriptions of one organization change at once, again and again.
pub fn storm(world: &World) -> Playing<'_> {
    Box::pin(async move {
        loop {
            world.progress(40).await?;
            if !world.goes_on() {
                return Ok(());
            }
        }
    })
}
