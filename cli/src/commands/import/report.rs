//! What an import found and did.

use std::fmt;

use serde::{Deserialize, Serialize};
use shared::domain::ids::OrgId;

use super::problem::Problem;
use crate::organization::Organization;
use crate::outcome::Done;
use crate::words::counted;
use crate::{outcome, table};

/// Organizations and problems that are told one by one, each.
const TOLD: usize = 50;

/// A plan in force.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct PlanNow {
    /// Which.
    pub plan_code: String,
    /// Stripe's status of the subscription that explains it. None: it never had one.
    pub status: Option<String>,
}

impl Default for PlanNow {
    fn default() -> Self {
        Self { plan_code: "pilot".to_owned(), status: None }
    }
}

/// One organization whose customer is stored, or would be.
#[derive(Clone, Debug, Serialize)]
pub struct Imported {
    /// Whose.
    pub organization: Organization,
    /// Its customer at Stripe.
    pub customer: String,
    /// Whether the customer was stored.
    pub done: Done,
    /// Whether `org_id` was written into the customer's metadata.
    pub metadata: Done,
    /// Subscriptions that were written.
    pub subscriptions: u64,
    /// The plan before.
    pub before: PlanNow,
    /// The plan afterwards.
    pub plan: PlanNow,
}

impl Imported {
    fn is_changed(&self) -> bool {
        self.done != Done::Unchanged || self.metadata != Done::Unchanged || self.subscriptions > 0
    }
}

/// All of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Nothing was written.
    pub dry_run: bool,
    /// The mode of the key.
    pub livemode: bool,
    /// Where the customers come from.
    pub source: String,
    /// The end was reached.
    pub complete: bool,
    /// It went on after this organization, where an earlier one had stopped.
    pub resumed_after: Option<OrgId>,
    /// It was stopped after this organization. None where it was not stopped, or before the first one.
    pub stopped_after: Option<OrgId>,
    /// Rows of the source that name no customer.
    pub without_customer: u64,
    /// Customers that were stored.
    pub stored: u64,
    /// Customers whose metadata was written.
    pub metadata_written: u64,
    /// Subscriptions that were written.
    pub subscriptions_written: u64,
    /// Each organization with a customer.
    pub organizations: Vec<Imported>,
    /// What was not imported, and what is worth knowing.
    pub problems: Vec<Problem>,
}

impl Report {
    pub(super) fn add(&mut self, imported: Imported) {
        self.stored += u64::from(imported.done != Done::Unchanged);
        self.metadata_written += u64::from(imported.metadata != Done::Unchanged);
        self.subscriptions_written += imported.subscriptions;
        self.organizations.push(imported);
    }
}

impl outcome::Report for Report {
    fn is_well(&self) -> bool {
        self.complete && self.problems.iter().all(|problem| problem.kind.is_note())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_organizations(f)?;
        let (notes, open): (Vec<&Problem>, Vec<&Problem>) =
            self.problems.iter().partition(|problem| problem.kind.is_note());
        write_problems(f, "To mend", &open)?;
        write_problems(f, "To know", &notes)?;
        let mode = if self.livemode { "live" } else { "test" };
        let unchanged = self.organizations.len() as u64 - self.stored;
        write!(
            f,
            "{} in {mode} mode: {} {}, {unchanged} as before; {} with org_id at Stripe, {} {}.",
            counted(self.organizations.len() as u64, "customer"),
            self.stored,
            if self.dry_run { "to store" } else { "stored" },
            self.metadata_written,
            counted(self.subscriptions_written, "subscription"),
            if self.dry_run { "to write" } else { "written" },
        )?;
        if self.dry_run {
            write!(f, " Nothing was written.")?;
        }
        match (&self.stopped_after, self.complete) {
            (Some(org), false) => write!(f, "\nStopped after {org}: the same command goes on there."),
            (None, false) => write!(f, "\nStopped before the end: run it again."),
            _ => Ok(()),
        }
    }
}

impl Report {
    fn write_organizations(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.organizations.is_empty() {
            return Ok(());
        }
        let head = ["ORGANIZATION", "CUSTOMER", "DONE", "PLAN BEFORE", "PLAN", "STATUS"].map(str::to_owned);
        // What changes is the news.
        let (changed, same): (Vec<&Imported>, Vec<&Imported>) =
            self.organizations.iter().partition(|one| one.is_changed());
        let told = changed.into_iter().chain(same).take(TOLD);
        let rows: Vec<_> = std::iter::once(head).chain(told.map(|one| self.row(one))).collect();
        table::write(f, &rows)?;
        if self.organizations.len() > TOLD {
            writeln!(f, "and {} more; --json tells all.", self.organizations.len() - TOLD)?;
        }
        writeln!(f)
    }

    fn row(&self, one: &Imported) -> [String; 6] {
        let mut done = Vec::new();
        if one.done != Done::Unchanged {
            done.push("customer".to_owned());
        }
        if one.metadata != Done::Unchanged {
            done.push("metadata".to_owned());
        }
        if one.subscriptions > 0 {
            done.push(counted(one.subscriptions, "subscription"));
        }
        let done = match (done.is_empty(), self.dry_run) {
            (true, _) => "nothing".to_owned(),
            (_, true) => format!("would write {}", done.join(", ")),
            (_, false) => format!("wrote {}", done.join(", ")),
        };
        [
            one.organization.id.to_string(),
            one.customer.clone(),
            done,
            one.before.plan_code.clone(),
            one.plan.plan_code.clone(),
            one.plan.status.clone().unwrap_or_default(),
        ]
    }
}

fn write_problems(f: &mut fmt::Formatter<'_>, title: &str, problems: &[&Problem]) -> fmt::Result {
    if problems.is_empty() {
        return Ok(());
    }
    writeln!(f, "{title}")?;
    for problem in problems.iter().take(TOLD) {
        writeln!(f, "  {problem}")?;
    }
    if problems.len() > TOLD {
        writeln!(f, "  and {} more; --json tells all.", problems.len() - TOLD)?;
    }
    writeln!(f)
}
