//! What is told of an event: its line in the log, its metrics, what somebody should look at.

use std::time::Instant;

use super::Settled;
use crate::billing::Resources;
use crate::db::webhook_events::{Effect, EventOutcome, EventToApply, Seen};
use crate::error::Error;
use crate::stripe::event::Event;
use crate::telemetry::metrics::{self, WebhookEvent};
use crate::telemetry::request::{self, Part};

/// What somebody should look at: access may be less than what was paid for.
pub(super) fn warn(to_apply: &EventToApply, outcome: EventOutcome, seen: &[Seen]) {
    let event = &to_apply.event.id;
    for seen in seen {
        metrics::seen(seen.as_str());
        tracing::warn!(
            target: "billing", event, seen = seen.as_str(),
            "the audit trail says what to look at"
        );
    }
    if let (Effect::Snapshot(snapshot), EventOutcome::Applied) = (&to_apply.effect, outcome)
        && !snapshot.status.is_known()
    {
        let (subscription, status) = (snapshot.id.as_str(), snapshot.status.as_str());
        tracing::warn!(
            target: "billing", event, subscription, status,
            "this status is new: it grants nothing"
        );
    }
}

/// The one line of an event, and its metrics.
pub(super) fn tell(
    resources: &Resources<'_>,
    event: &Event<'_>,
    result: &Result<Settled, Error>,
    arrived: Instant,
) {
    let current = request::current();
    let (outcome, failed) = match result {
        Ok(settled) => (settled.outcome.as_str(), false),
        Err(error) => (error.code(), true),
    };
    let settled = result.as_ref().ok();
    let org = settled.and_then(|settled| settled.org).map(tracing::field::display);
    let applied = settled.is_some_and(|settled| settled.outcome == EventOutcome::Applied);
    let age_seconds = applied.then(|| resources.clock.now().as_second() - event.created);
    let milliseconds = arrived.elapsed().as_secs_f64() * 1000.0;
    tracing::info!(
        target: "billing",
        event = event.id, kind = event.kind, outcome, org, age_seconds,
        read = settled.is_some_and(|settled| settled.read),
        request_id = current.request_id, trace_id = current.trace_id, milliseconds,
        verify_ms = current.milliseconds(Part::Verify),
        database_ms = current.milliseconds(Part::Database),
        stripe_ms = current.milliseconds(Part::Stripe),
        "event"
    );
    // Our own: among few events of Stripe's it would hide those that fail.
    if event.is_probe() {
        return;
    }
    metrics::event(WebhookEvent { kind: event.counted_kind(), outcome, failed, age_seconds, milliseconds });
}
