//! `billing reconcile`: what the scheduled function does, at once and for all subscriptions.

use std::fmt;

use serde::Serialize;
use shared::billing::limits::CALLS_PER_SECOND;
use shared::billing::reconcile::{self, EVENTS_KEPT_DAYS, Events, Sweep};
use shared::stripe::wire::{Listing, Object};
use stripe_billing::subscription::ListSubscription;

use crate::context::{self, Context, Need};
use crate::outcome::{self, tell};
use crate::when;

/// Brings us into step with Stripe now: missed and failed events, every subscription, events past their
/// retention.
///
/// The scheduled function does the same every 15 minutes, but compares all subscriptions once a day only.
/// Both at once do no harm. Ctrl-C ends it at the next stop; what was done stays.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
#[command(after_help = "\
Examples:
  billing reconcile
  billing reconcile --json | jq .subscriptions.drifted

Exit status 1 if a part could not do its work, an event failed, drift was not repaired, or it was stopped.")]
pub struct Args {}

/// What was done: under `--json` the document that the scheduled function answers.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Reconciled(pub reconcile::ReconcileReport);

/// Reconciles.
///
/// # Errors
/// If the database or Stripe is not to be had from the beginning; later it is among the report's problems.
pub async fn run(_: Args, context: &Context) -> Result<Reconciled, context::Error> {
    context.require(&[Need::Database, Need::Stripe, Need::Rules])?;
    context.database().await?;
    let _: Listing<Object> = context.stripe()?.get(&ListSubscription::new().limit(1_i64)).await?;
    if !context.quiet {
        tell("Going through Stripe's events and subscriptions. Ctrl-C ends it at the next stop.");
    }
    let limits = context.limits(CALLS_PER_SECOND);
    Ok(Reconciled(reconcile::reconcile(&context.app().resources(), Sweep::Once, &limits).await))
}

impl outcome::Report for Reconciled {
    fn is_well(&self) -> bool {
        self.0.is_well() && !self.0.unfinished
    }
}

impl fmt::Display for Reconciled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = &self.0;
        let missed = &report.missed_events;
        let through = report.events_through.map(|at| format!(", up to {}", when::time(at)));
        writeln!(
            f,
            "Missed events  {} of Stripe's list looked at{}: {}",
            missed.seen,
            through.unwrap_or_default(),
            made_good(missed)
        )?;
        let failed = &report.failed_events;
        writeln!(f, "Failed events  {} due: {}", failed.seen, made_good(failed))?;
        let tally = &report.subscriptions;
        write!(
            f,
            "Subscriptions  {} compared: {} differed, {} repaired",
            tally.checked, tally.drifted, tally.repaired
        )?;
        for (count, what) in [
            (tally.without_organization, "of no organization"),
            (tally.unexplained, "unexplained"),
            (tally.failed, "failed"),
        ] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        writeln!(f)?;
        match report.without_organization {
            0 => {}
            1 => writeln!(
                f,
                "Organizations  1 live subscription of an organization that was deleted: see billing doctor"
            )?,
            count => {
                writeln!(
                    f,
                    "Organizations  {count} live subscriptions of organizations that were deleted: see \
                     billing doctor"
                )?;
            }
        }
        writeln!(f, "Old events     {} older than {EVENTS_KEPT_DAYS} days removed", report.pruned)?;
        for problem in &report.problems {
            writeln!(f, "Problem        {problem}")?;
        }
        match (report.unfinished, report.is_well()) {
            (true, _) => write!(f, "\nStopped before the end: run it again to go on."),
            (_, true) => write!(f, "\nIn step with Stripe."),
            _ if missed.failed + failed.failed > 0 => write!(
                f,
                "\nNot in step with Stripe: billing events list --failed says which events failed, and why."
            ),
            _ => write!(f, "\nNot in step with Stripe: billing backfill --all --dry-run says what differs."),
        }
    }
}

fn made_good(events: &Events) -> String {
    let mut parts = vec![format!("{} recovered", events.recovered)];
    for (count, what) in [(events.failed, "failed"), (events.gone, "gone at Stripe")] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    parts.join(", ")
}
