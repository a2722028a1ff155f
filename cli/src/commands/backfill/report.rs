//! What a backfill found and did.

use std::fmt;

use serde::Serialize;
use shared::billing::read_subscriptions::{Page, Tally};
use shared::domain::ids::OrgId;
use shared::error::with_sources;

use crate::outcome::{self, Code};
use crate::table;
use crate::words::counted;

/// Missing rows that are told one by one: a database that is filled for the first time has thousands.
const MISSING_TOLD: usize = 20;

/// One subscription that differs, or differed.
#[derive(Clone, Debug, Serialize)]
pub struct Drifted {
    /// Stripe's id of the subscription, `sub_...`.
    pub subscription: String,
    /// The organization that it belongs to. None: nobody knows.
    pub org_id: Option<OrgId>,
    /// There was no row.
    pub missing: bool,
    /// The columns that differ; `entitlements`: the plans written down; `unknown_at_stripe`: Stripe has none
    /// of this id.
    pub differences: Vec<String>,
    /// It is right now.
    pub repaired: bool,
}

/// A subscription that could not be compared, or not be written.
#[derive(Clone, Debug, Serialize)]
pub struct NotCompared {
    /// Stripe's id of the subscription, `sub_...`.
    pub subscription: String,
    /// Whose: the organization's id, or else the best name that is known for it.
    pub organization: String,
    /// Why, in words for whoever mends it.
    pub error: String,
}

/// Why the rest was not compared, as a command that fails says it.
#[derive(Clone, Debug, Serialize)]
pub struct CutOff {
    /// The sentence that says what to do.
    pub error: String,
    /// The kind of failure.
    pub code: Code,
}

/// What was compared, and what differed.
#[derive(Clone, Debug, Default, Serialize)]
pub struct BackfillReport {
    /// A dry run: nothing was written.
    pub dry_run: bool,
    /// The mode of the key.
    pub livemode: bool,
    /// The end was reached.
    pub complete: bool,
    /// It went on after this subscription, where an earlier one had stopped.
    pub resumed_after: Option<String>,
    /// It was stopped after this subscription.
    pub stopped_after: Option<String>,
    /// It failed then. None: it did not.
    pub cut_off: Option<CutOff>,
    /// The customers whose subscriptions were read, if it was those of one organization.
    pub customers: Option<Vec<String>>,
    /// Subscriptions that were compared.
    pub checked: u64,
    /// Of them those that had no row.
    pub missing: u64,
    /// Of them those whose row, or whose organization's plan, differed.
    pub drifted: u64,
    /// Of both those that are right now.
    pub repaired: u64,
    /// Subscriptions of no organization: another product's, or their organization was deleted.
    pub without_organization: u64,
    /// Rows that Stripe knows nothing of, and objects that could not be read.
    pub unexplained: u64,
    /// Subscriptions that could not be compared, or not be written. The reconciliation tries them again.
    pub failed: u64,
    /// Each of them.
    pub failures: Vec<NotCompared>,
    /// Each that was missing or differed.
    pub drift: Vec<Drifted>,
}

impl BackfillReport {
    pub(super) fn new(dry_run: bool, livemode: bool) -> Self {
        Self { dry_run, livemode, complete: true, ..Self::default() }
    }

    pub(super) fn add(&mut self, page: &Page) {
        let Tally { checked, drifted, repaired, missing, without_organization, unexplained, failed } =
            page.tally;
        self.checked += checked;
        self.missing += missing;
        self.drifted += drifted - missing;
        self.repaired += repaired;
        self.without_organization += without_organization;
        self.unexplained += unexplained;
        self.failed += failed;
        self.failures.extend(page.failed.iter().map(|one| NotCompared {
            subscription: one.subscription.clone(),
            organization: one.organization.clone(),
            error: with_sources(&one.error),
        }));
        self.drift.extend(page.drift.iter().map(|drift| Drifted {
            subscription: drift.subscription.clone(),
            org_id: drift.org_id,
            missing: drift.missing,
            differences: drift.differences.clone(),
            repaired: drift.repaired,
        }));
    }

    /// Those that are not right now.
    fn open(&self) -> u64 {
        self.missing + self.drifted - self.repaired
    }
}

impl outcome::Report for BackfillReport {
    fn is_well(&self) -> bool {
        self.complete && self.unexplained + self.failed == 0 && self.open() == 0
    }

    fn status(&self) -> u8 {
        self.cut_off.as_ref().map_or(u8::from(!self.is_well()), |cut_off| cut_off.code.exit_status())
    }
}

impl fmt::Display for BackfillReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_drift(f)?;
        let mode = if self.livemode { "live" } else { "test" };
        write!(f, "{} compared with Stripe in {mode} mode", counted(self.checked, "subscription"))?;
        for (count, what) in [
            (self.missing, "had no row"),
            (self.drifted, "differed"),
            (self.without_organization, "belong to no organization"),
            (self.unexplained, "unexplained"),
            (self.failed, "failed"),
        ] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        match (self.missing + self.drifted, self.dry_run) {
            (0, _) if self.failed > 0 || self.cut_off.is_some() => writeln!(f, ".")?,
            (0, _) => writeln!(f, ": every row says what Stripe says.")?,
            (_, true) => writeln!(f, ". Nothing was written: without --dry-run these would be.")?,
            _ => writeln!(f, ". {} written.", self.repaired)?,
        }
        for NotCompared { subscription, organization, error } in &self.failures {
            writeln!(f, "Failed: {subscription} of {organization}: {error}")?;
        }
        if self.unexplained > 0 {
            writeln!(
                f,
                "Unexplained: Stripe has no such subscription, or it cannot be read. Is STRIPE_SECRET_KEY of \
                 the account that these rows are from?"
            )?;
        }
        if self.customers.as_ref().is_some_and(Vec::is_empty) {
            writeln!(f, "The organization has no Stripe customer, so there was nothing to ask for.")?;
        }
        if let Some(cut_off) = &self.cut_off {
            writeln!(f, "Cut off: {}", cut_off.error)?;
        }
        match (&self.stopped_after, self.complete) {
            (Some(id), false) => write!(f, "Stopped after {id}: billing backfill --all goes on there."),
            (None, false) => write!(f, "Stopped before the end: run it again."),
            _ => Ok(()),
        }
    }
}

impl BackfillReport {
    fn write_drift(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What had a row and differs is the news; missing rows are told by example.
        let missing = self.drift.iter().filter(|drift| drift.missing);
        let told: Vec<&Drifted> = self
            .drift
            .iter()
            .filter(|drift| !drift.missing)
            .chain(missing.take(if self.dry_run { MISSING_TOLD } else { 0 }))
            .collect();
        if told.is_empty() {
            return Ok(());
        }
        let head = ["SUBSCRIPTION", "ORGANIZATION", "DIFFERS IN", "NOW"].map(str::to_owned);
        let row = |drift: &&Drifted| {
            [
                drift.subscription.clone(),
                drift.org_id.map(|id| id.to_string()).unwrap_or_default(),
                if drift.missing { "no row".to_owned() } else { drift.differences.join(", ") },
                if drift.repaired { "written" } else { "as it was" }.to_owned(),
            ]
        };
        let rows: Vec<_> = std::iter::once(head).chain(told.iter().map(row)).collect();
        table::write(f, &rows)?;
        let untold = self.drift.len() - told.len();
        if self.dry_run && untold > 0 {
            writeln!(f, "and {untold} more without a row; --json tells all.")?;
        }
        writeln!(f)
    }
}
