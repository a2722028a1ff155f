//! What came of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::SoldPrice;
use crate::organization::Organization;
use crate::outcome::{self, Done};
use crate::table;
use crate::words::{counted, mode};

/// Organizations that are told one by one.
const TOLD: usize = 50;

/// A price that sells a plan now.
#[derive(Clone, Debug, Serialize)]
pub struct Adopted {
    /// A dry run: nothing was changed.
    pub dry_run: bool,
    /// The price as Stripe has it.
    pub price: SoldPrice,
    /// The plan that it sells.
    pub plan_code: String,
    /// Whether this was known.
    pub done: Done,
    /// What was known of the price before. None: nothing.
    pub before: Option<Said>,
    /// The organizations whose subscriptions sell something else now.
    pub organizations: Vec<Payer>,
    /// Organizations that pay it and have what they had.
    pub unchanged: usize,
    /// Who says so: `--by`, or this machine's user and name.
    pub by: String,
}

/// What is known of a price.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Said {
    /// The plan that it sells.
    pub plan_code: String,
    /// The operator who said so. None: its lookup key or metadata at Stripe did.
    pub adopted_by: Option<String>,
}

/// An organization that pays the price.
#[derive(Clone, Debug, Serialize)]
pub struct Payer {
    /// Which.
    pub organization: Organization,
    /// Its subscriptions at the price, ended ones too.
    pub subscriptions: Vec<String>,
    /// What it had before. None: it began to pay in this moment.
    pub before: Option<PlanState>,
    /// What it has now.
    pub now: PlanState,
}

/// What an organization has.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct PlanState {
    /// The plan.
    pub plan_code: String,
    /// Why it is the free one although there is a subscription, as in `GET /api/entitlements`.
    pub reason: Option<String>,
    /// Seats that are paid for, or included.
    pub seats: i32,
}

impl fmt::Display for PlanState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seats = counted(u64::from(self.seats.unsigned_abs()), "seat");
        match &self.reason {
            Some(reason) => write!(f, "{}, {seats} ({})", self.plan_code, reason.replace('_', " ")),
            None => write!(f, "{}, {seats}", self.plan_code),
        }
    }
}

impl outcome::Report for Adopted {}

impl Adopted {
    fn write_what_it_sells(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { price, plan_code: plan, .. } = self;
        writeln!(f, "{} in {} mode: {}.", price.id, mode(price.livemode), price.described())?;
        let sells = match (self.done, self.dry_run) {
            (Done::Unchanged, _) => "sold",
            (_, true) => "would sell",
            (_, false) => "sells",
        };
        write!(f, "It {sells} {plan}")?;
        match &self.before {
            None => writeln!(f, "; nothing said so before."),
            Some(Said { adopted_by: Some(_), .. }) if self.done == Done::Unchanged => {
                writeln!(f, " already.")
            }
            Some(Said { plan_code, adopted_by: Some(by) }) => writeln!(f, "; before, {by} said {plan_code}."),
            Some(Said { plan_code, adopted_by: None }) => writeln!(f, "; before, Stripe said {plan_code}."),
        }
    }

    fn write_who_pays(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.organizations.is_empty() {
            return Ok(());
        }
        let head = ["ORGANIZATION", "SUBSCRIPTIONS", "BEFORE", "NOW"].map(str::to_owned);
        let row = |payer: &Payer| {
            let before = payer.before.as_ref().map(ToString::to_string).unwrap_or_default();
            [payer.organization.to_string(), payer.subscriptions.join(", "), before, payer.now.to_string()]
        };
        let told = self.organizations.iter().take(TOLD).map(row);
        writeln!(f)?;
        table::write(f, &std::iter::once(head).chain(told).collect::<Vec<_>>())?;
        match self.organizations.len().saturating_sub(TOLD) {
            0 => writeln!(f),
            more => writeln!(f, "and {more} more: --json tells all.\n"),
        }
    }
}

impl fmt::Display for Adopted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_what_it_sells(f)?;
        self.write_who_pays(f)?;
        let changed = counted(self.organizations.len() as u64, "organization");
        let as_before = match self.unchanged {
            0 => String::new(),
            same => format!(", {} as before", counted(same as u64, "organization")),
        };
        match self.dry_run {
            true => write!(f, "{changed} would be changed{as_before}. Nothing was changed."),
            false => write!(f, "{changed} changed{as_before}. By {}.", self.by),
        }
    }
}
