//! Keeping in step with Stripe when events do not come: what was missed, what failed, what drifted, what is old.
//!
//! Every part may be cut off at any time and begins where it stopped; two at once do the same work twice and change nothing by it.

mod failed_events;
mod missed_events;
mod sweep;

use std::time::Instant;

use jiff::Timestamp;
use serde::Serialize;

pub use sweep::{Sweep, sweep};

use crate::app::App;
use crate::billing::apply_event::apply_event;
use crate::billing::read_subscriptions::Tally;
use crate::db::{subscriptions::Purpose, webhook_events};
use crate::http::error::ApiError;
use crate::stripe::event::Event;

/// How long `webhook_events` are kept, in days.
pub const EVENTS_KEPT_DAYS: i32 = 90;
/// Rows of one deletion: so that none holds locks for long.
const PRUNED_AT_ONCE: i64 = 5000;

/// Stops work before time is up. None: there is time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Deadline(pub Option<Instant>);

impl Deadline {
    /// Whether to stop now.
    pub fn has_come(self) -> bool {
        self.0.is_some_and(|at| Instant::now() >= at)
    }
}

/// Events that were put through the pipeline by a reconciliation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Events {
    /// Looked at.
    pub seen: u64,
    /// Had not been processed, and are now.
    pub recovered: u64,
    /// Failed again, or for the first time; each is noted with its reason in `webhook_events`.
    pub failed: u64,
    /// Stripe does not have them any more.
    pub gone: u64,
}

/// What a reconciliation did.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Events of Stripe's list that we had not processed.
    pub missed_events: Events,
    /// Up to when Stripe's list of events was gone through.
    pub events_through: Option<Timestamp>,
    /// Events that had failed.
    pub failed_events: Events,
    /// The comparison of Stripe's subscriptions with ours.
    pub subscriptions: Tally,
    /// Events past their retention that were removed.
    pub pruned: i64,
    /// Time was up before everything was done: the next one goes on.
    pub unfinished: bool,
    /// The parts that could not do their work, with the reason.
    pub problems: Vec<String>,
    /// One of the problems may be that the configuration is not the current one.
    #[serde(skip)]
    pub may_be_outdated: bool,
}

impl Report {
    /// Whether nothing failed and nothing is left that somebody has to look at.
    pub fn is_well(&self) -> bool {
        self.problems.is_empty()
            && self.missed_events.failed + self.failed_events.failed == 0
            && self.subscriptions.drifted == self.subscriptions.repaired
            && self.subscriptions.unexplained == 0
    }
}

/// Reconciles. A part that fails does not keep the others from their work: it is among the report's problems.
pub async fn reconcile(app: &App, when: Sweep, deadline: Deadline) -> Report {
    let mut report = Report::default();
    let missed = missed_events::recover(app, deadline, &mut report).await;
    note(&mut report, "missed events", missed);
    let failed = failed_events::retry(app, deadline, &mut report).await;
    note(&mut report, "failed events", failed);
    let purpose = Purpose { cause: "reconcile", grace_days: app.config.grace_days, dry_run: false };
    let swept = sweep(app, purpose, when, deadline, |page| report.subscriptions.add(&page.tally)).await;
    match swept {
        Ok(complete) => report.unfinished |= !complete,
        Err(error) => note(&mut report, "subscriptions", Err(error)),
    }
    let pruned = prune(app, deadline, EVENTS_KEPT_DAYS).await;
    match pruned {
        Ok(rows) => report.pruned = rows,
        Err(error) => note(&mut report, "pruning", Err(error)),
    }
    summarize(&report);
    report
}

/// Removes events that are older than `days`.
///
/// # Errors
/// If the database fails; what was removed stays so.
pub async fn prune(app: &App, deadline: Deadline, days: i32) -> Result<i64, ApiError> {
    let mut pruned = 0;
    loop {
        let rows = webhook_events::prune(app.db()?, days, PRUNED_AT_ONCE).await?;
        pruned += rows;
        if rows < PRUNED_AT_ONCE || deadline.has_come() {
            return Ok(pruned);
        }
    }
}

fn note(report: &mut Report, part: &str, result: Result<(), ApiError>) {
    if let Err(error) = result {
        error.log("reconcile");
        report.may_be_outdated |= error.may_be_outdated();
        report.problems.push(format!("{part}: {error}"));
    }
}

/// Puts an event through the pipeline, as if it had been delivered. Err: database or Stripe are not to be had, so that there is no use
/// in going on.
async fn put_through(app: &App, body: &str, events: &mut Events) -> Result<(), ApiError> {
    let outcome = match Event::parse(body.as_bytes()) {
        Ok(event) => apply_event(app, &event, Instant::now()).await,
        Err(error) => Err(ApiError::InvalidRequest(error.to_string())),
    };
    match outcome {
        Ok(_) => events.recovered += 1,
        Err(ApiError::ProcessingFailed(error)) if error.is_outage() => return Err(*error),
        Err(error) => {
            error.log("reconcile");
            events.failed += 1;
        }
    }
    Ok(())
}

fn summarize(report: &Report) {
    let Report { missed_events: missed, failed_events: retried, subscriptions, .. } = report;
    tracing::info!(
        target: "billing",
        events_seen = missed.seen,
        events_recovered = missed.recovered + retried.recovered,
        events_failed = missed.failed + retried.failed,
        events_gone = retried.gone,
        subscriptions_checked = subscriptions.checked,
        drifted = subscriptions.drifted,
        repaired = subscriptions.repaired,
        unexplained = subscriptions.unexplained,
        pruned = report.pruned,
        unfinished = report.unfinished,
        problems = report.problems.len(),
        "reconciled"
    );
}
