//! Events that failed and whose time has come: asked for once more at Stripe and put through the pipeline.

use serde_json::value::RawValue;
use stripe_core::event::RetrieveEvent;

use super::{Report, put_through};
use crate::billing::Resources;
use crate::billing::apply_event::is_unknown;
use crate::billing::limits::Limits;
use crate::db::webhook_events;
use crate::error::Error;

/// Events of one look at what is due.
const AT_ONCE: i64 = 100;

pub(super) async fn retry(
    resources: &Resources<'_>,
    limits: &Limits,
    report: &mut Report,
) -> Result<(), Error> {
    let (db, stripe) = (resources.db()?, resources.stripe()?);
    loop {
        let due = webhook_events::due(db, stripe.livemode(), AT_ONCE).await?;
        for id in &due {
            if limits.are_reached() {
                report.unfinished = true;
                return Ok(());
            }
            report.failed_events.seen += 1;
            limits.pace().await;
            match stripe.get::<Box<RawValue>>(&RetrieveEvent::new(id.as_str())).await {
                Ok(body) => put_through(resources, body.get(), &mut report.failed_events).await?,
                Err(error) if is_unknown(&error) => {
                    tracing::error!(target: "billing", event = id, "Stripe does not have this event any more; the comparison of subscriptions makes up for it");
                    webhook_events::gone(db, id).await?;
                    report.failed_events.gone += 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
        // What fails again is due later: the rest gets shorter with every look.
        if due.len() < AT_ONCE as usize {
            return Ok(());
        }
    }
}
