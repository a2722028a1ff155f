//! Keeping in step with Stripe when events do not come: what was missed, what failed, what drifted, what is
//! old.
//!
//! Every part may be cut off at any time and begins where it stopped; two at once do the same work twice and
//! change nothing by it.

mod failed_events;
mod missed_events;
mod postponed;
mod sweep;

use std::time::Instant;

use jiff::Timestamp;
use serde::Serialize;

pub use sweep::{Sweep, stopped_at, sweep};

use crate::billing::Resources;
use crate::billing::limits::Limits;
use crate::billing::read_subscriptions::{Page, Tally};
use crate::billing::replay_event::Replay;
use crate::billing::streak::Streak;
use crate::db::subscriptions::{self, Purpose};
use crate::db::{health, history, notifications, reconcile_cursors, runs, webhook_events};
use crate::error::{Error, with_sources};
use crate::telemetry::metrics::{self, Reconciliation};
use crate::telemetry::request::{self, Part};

/// How long `webhook_events` are kept, in days.
pub const EVENTS_KEPT_DAYS: i32 = 90;
/// Rows of one deletion: so that none holds locks for long.
const PRUNED_AT_ONCE: i64 = 5000;
/// What was postponed is told one by one up to this many.
const POSTPONED_TOLD: usize = 20;

/// Events that were put through the pipeline by a reconciliation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Events {
    /// How many were looked at.
    pub seen: u64,
    /// Had not been processed, and are now.
    pub recovered: u64,
    /// Failed again, or for the first time; each is noted with its reason in `webhook_events`.
    pub failed: u64,
    /// Stripe does not have them any more.
    pub gone: u64,
}

impl Events {
    /// Counts what came of an event. Some: what is to be told of it.
    fn count(&mut self, id: &str, replay: &Replay) -> Option<Postponement> {
        match replay {
            Replay::Processed(_) => self.recovered += 1,
            Replay::Failed(failure) => {
                failure.error.log_unapplied("reconcile");
                self.failed += 1;
                return (!failure.error.is_refusal())
                    .then(|| Postponement::new(id, &failure.organization, &failure.error));
            }
            Replay::Gone => self.gone += 1,
        }
        None
    }
}

/// Something of one organization that failed, and is tried again. The others were gone on with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Postponement {
    /// Stripe's id of the event or the subscription.
    pub id: String,
    /// The organization's id, or else the best name that is known for it.
    pub organization: String,
    /// Why, with what caused it.
    pub error: String,
}

impl Postponement {
    fn new(id: &str, organization: &str, error: &Error) -> Self {
        Self { id: id.to_owned(), organization: organization.to_owned(), error: with_sources(error) }
    }
}

/// What a reconciliation did.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReconcileReport {
    /// Events of Stripe's list that we had not processed.
    pub missed_events: Events,
    /// Up to when Stripe's list of events was gone through.
    pub events_through: Option<Timestamp>,
    /// How far our clock is ahead of Stripe's. None: Stripe did not answer.
    pub clock_skew_seconds: Option<i64>,
    /// Events that had failed.
    pub failed_events: Events,
    /// The comparison of Stripe's subscriptions with ours.
    pub subscriptions: Tally,
    /// Live subscriptions of organizations that the application deleted: somebody pays for nothing.
    pub without_organization: u64,
    /// Events past their retention that were removed.
    pub pruned: i64,
    /// Time was up before everything was done: the next one goes on.
    pub unfinished: bool,
    /// What failed of single organizations, and is tried again. A problem each, the first ones by name.
    pub postponed: Vec<Postponement>,
    /// Subscriptions that failed in an earlier run, and whose next try is still to come.
    pub waiting: u64,
    /// The parts that could not do their work, and what was postponed, with the reason.
    pub problems: Vec<String>,
    /// How many parts could not do their work.
    #[serde(skip)]
    pub failed_parts: u64,
    /// One of the problems may be that the configuration is not the current one.
    #[serde(skip)]
    pub may_be_outdated: bool,
}

impl ReconcileReport {
    /// Whether nothing failed and nothing is left that somebody has to look at.
    pub fn is_well(&self) -> bool {
        self.problems.is_empty()
            && self.missed_events.failed + self.failed_events.failed == 0
            && self.subscriptions.drifted == self.subscriptions.repaired
            && self.subscriptions.unexplained == 0
    }

    fn take(&mut self, page: &Page) {
        self.subscriptions.add(&page.tally);
        self.postponed.extend(postponed::told(page));
    }

    /// What was postponed is a problem, too.
    fn tell_postponed(&mut self) {
        for Postponement { id, organization, error } in self.postponed.iter().take(POSTPONED_TOLD) {
            let problem = format!("{id} of {organization} failed, and is tried again: {error}");
            self.problems.push(problem);
        }
        let more = self.postponed.len().saturating_sub(POSTPONED_TOLD);
        if more > 0 {
            self.problems.push(format!("{more} more failed, and are tried again"));
        }
    }
}

/// Reconciles. A part that fails does not keep the others from their work: it is among the report's problems.
pub async fn reconcile(resources: &Resources<'_>, when: Sweep, limits: &Limits) -> ReconcileReport {
    let began = Instant::now();
    let mut report = ReconcileReport::default();
    let missed = missed_events::recover(resources, limits, &mut report).await;
    note(&mut report, "missed events", missed);
    let failed = failed_events::retry(resources, limits, &mut report).await;
    note(&mut report, "failed events", failed);
    let purpose = Purpose { cause: "reconcile", grace_days: resources.grace_days, dry_run: false };
    let again = postponed::retry(resources, purpose, limits, &mut report).await;
    note(&mut report, "postponed subscriptions", again);
    let swept = sweep(resources, purpose, when, limits, |page| report.take(page)).await;
    match swept {
        Ok(complete) => report.unfinished |= !complete,
        Err(error) => note(&mut report, "subscriptions", Err(error)),
    }
    match postponed::count_waiting(resources, &report).await {
        Ok(count) => report.waiting = count,
        Err(error) => note(&mut report, "postponed subscriptions", Err(error)),
    }
    match count_without_organization(resources).await {
        Ok(count) => report.without_organization = count,
        Err(error) => note(&mut report, "organizations", Err(error)),
    }
    let pruned = prune(resources, limits, EVENTS_KEPT_DAYS).await;
    match pruned {
        Ok(pruned) => report.pruned = pruned.events,
        Err(error) => note(&mut report, "pruning", Err(error)),
    }
    let plan_changes = count_plan_changes(resources).await.unwrap_or_else(|error| {
        note(&mut report, "plan changes", Err(error));
        0
    });
    if let Err(error) = look_at_connections(resources).await {
        note(&mut report, "connections", Err(error));
    }
    report.tell_postponed();
    summarize(&report, plan_changes, began);
    report
}

async fn count_without_organization(resources: &Resources<'_>) -> Result<u64, Error> {
    let (db, livemode) = (resources.db()?, resources.stripe()?.livemode());
    Ok(subscriptions::count_without_organization(db, livemode).await?)
}

/// Plans that changed since the last reconciliation, counted by the audit trail, so that no event has to.
async fn count_plan_changes(resources: &Resources<'_>) -> Result<u64, Error> {
    let (db, livemode) = (resources.db()?, resources.stripe()?.livemode());
    let after: Option<i64> = reconcile_cursors::read(db, "plan_changes", livemode).await?;
    let (last, changes) = runs::plan_changes_after(db, after).await?;
    reconcile_cursors::store(db, "plan_changes", livemode, &last).await?;
    Ok(changes)
}

async fn look_at_connections(resources: &Resources<'_>) -> Result<(), Error> {
    metrics::connections_used(health::connections_used(resources.db()?).await?);
    Ok(())
}

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Events.
    pub events: i64,
    /// Rows of the history.
    pub history: i64,
}

/// Removes the months of events and of the history that ended `days` ago, and what the application was told a
/// month ago. If time is up before the history is through, the next run begins with it anew.
///
/// # Errors
/// If the database fails; what was removed stays so.
pub async fn prune(resources: &Resources<'_>, limits: &Limits, days: i32) -> Result<Pruned, Error> {
    let db = resources.db()?;
    let mut pruned = Pruned { events: webhook_events::prune(db, days).await?, history: 0 };
    while notifications::prune(db, PRUNED_AT_ONCE).await? == PRUNED_AT_ONCE && !limits.are_reached() {}
    let (mut rows, mut cursor) = (0, None);
    loop {
        let (removed, next) = history::prune(db, days, cursor, PRUNED_AT_ONCE).await?;
        rows += removed;
        if next.is_none() {
            pruned.history = rows;
        }
        if next.is_none() || limits.are_reached() {
            return Ok(pruned);
        }
        cursor = next;
    }
}

fn note(report: &mut ReconcileReport, part: &str, result: Result<(), Error>) {
    if let Err(error) = result {
        error.log("reconcile");
        report.may_be_outdated |= error.may_be_outdated();
        report.failed_parts += 1;
        report.problems.push(format!("{part}: {}", with_sources(&error)));
    }
}

/// The summary line and the metrics.
fn summarize(report: &ReconcileReport, plan_changes: u64, began: Instant) {
    let ReconcileReport { missed_events: missed, failed_events: retried, subscriptions, .. } = report;
    let current = request::current();
    let run = Reconciliation {
        recovered: missed.recovered + retried.recovered,
        failed: missed.failed + retried.failed,
        drift: subscriptions.drifted,
        unrepaired: subscriptions.drifted - subscriptions.repaired,
        postponed: report.postponed.len() as u64 + report.waiting,
        without_organization: report.without_organization,
        problems: report.failed_parts,
        clock_skew_seconds: report.clock_skew_seconds,
        plan_changes,
        milliseconds: began.elapsed().as_secs_f64() * 1000.0,
    };
    tracing::info!(
        target: "billing",
        request_id = current.request_id, trace_id = current.trace_id,
        events_seen = missed.seen + retried.seen, events_recovered = run.recovered,
        events_failed = run.failed, events_gone = retried.gone,
        subscriptions_checked = subscriptions.checked, drifted = run.drift, repaired = subscriptions.repaired,
        unexplained = subscriptions.unexplained,
        without_organization = run.without_organization,
        plan_changes, pruned = report.pruned, unfinished = report.unfinished,
        postponed = run.postponed, problems = report.problems.join("; "),
        milliseconds = run.milliseconds,
        database_ms = current.milliseconds(Part::Database), stripe_ms = current.milliseconds(Part::Stripe),
        "reconciled"
    );
    metrics::reconciled(&current, run);
}

/// Whether the events since the last success say that it is an outage.
fn is_outage(streak: &mut Streak, id: &str, replayed: &Replay) -> bool {
    match replayed {
        Replay::Processed(_) | Replay::Gone => {
            streak.succeeded();
            false
        }
        Replay::Failed(failure) => !failure.error.is_refusal() && streak.failed(id, &failure.organization),
    }
}

/// What to say of an outage: its last failure.
fn outage(last: Replay) -> Result<(), Error> {
    match last {
        Replay::Failed(failure) => Err(failure.error),
        Replay::Processed(_) | Replay::Gone => Ok(()),
    }
}
