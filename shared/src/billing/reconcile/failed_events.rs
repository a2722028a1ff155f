//! Events that failed and whose time has come: asked for once more at Stripe and put through the pipeline.

use super::{ReconcileReport, is_outage, outage};
use crate::billing::Resources;
use crate::billing::limits::Limits;
use crate::billing::replay_event::{Replay, replay_event};
use crate::billing::streak::Streak;
use crate::db::webhook_events;
use crate::error::Error;

/// Events of one look at what is due.
const AT_ONCE: i64 = 100;

pub(super) async fn retry(
    resources: &Resources<'_>,
    limits: &Limits,
    report: &mut ReconcileReport,
) -> Result<(), Error> {
    let (db, stripe) = (resources.db()?, resources.stripe()?);
    let mut streak = Streak::default();
    loop {
        let due = webhook_events::due(db, stripe.livemode(), AT_ONCE).await?;
        for id in &due {
            if limits.are_reached() {
                report.unfinished = true;
                return Ok(());
            }
            report.failed_events.seen += 1;
            let replayed = replay_event(resources, id, limits).await?;
            if matches!(replayed, Replay::Gone) {
                tracing::error!(
                    target: "billing", event = id,
                    "Stripe does not have this event any more; \
                     the comparison of subscriptions makes up for it"
                );
            }
            report.postponed.extend(report.failed_events.count(id, &replayed));
            if is_outage(&mut streak, id, &replayed) {
                return outage(replayed);
            }
        }
        // What fails again is due later: the rest gets shorter with every look.
        if due.len() < AT_ONCE as usize {
            return Ok(());
        }
    }
}
