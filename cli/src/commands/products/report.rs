//! What was done to the products and prices.

use std::fmt;

use serde::Serialize;
use shared::domain::plan::{Interval, PlanCode};

use crate::{money, outcome, table};

/// What was done to an object, or would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Done {
    /// It is as it should be.
    Unchanged,
    /// There was none, and it was created.
    Created,
    /// Another took its place, because what it charges cannot be changed.
    Replaced,
    /// It was changed, or taken out of the archive.
    Updated,
}

/// A product at Stripe: one for each plan.
#[derive(Clone, Debug, Serialize)]
pub struct ProductLine {
    /// The plan it sells.
    pub plan_code: PlanCode,
    /// The name that customers read, of the table `plans`.
    pub name: String,
    /// Its id. None: it would be created.
    pub product: Option<String>,
    /// What was done to it, or would be.
    pub done: Done,
    /// The fields that were changed.
    pub changes: Vec<String>,
}

impl ProductLine {
    /// It was found in the archive: Stripe refuses a checkout of its prices, though they are active.
    pub fn was_archived(&self) -> bool {
        self.changes.iter().any(|field| field == "active")
    }
}

/// A price at Stripe: one for each plan and interval that is sold.
#[derive(Clone, Debug, Serialize)]
pub struct PriceLine {
    /// Our name for it.
    pub lookup_key: String,
    /// The plan it sells.
    pub plan_code: PlanCode,
    /// How often it is paid.
    pub interval: Interval,
    /// In the currency's smallest unit.
    pub unit_amount: i64,
    /// Three letters, lower case.
    pub currency: String,
    /// Its product. None: it would be created.
    pub product: Option<String>,
    /// Its id. None: it would be created.
    pub price: Option<String>,
    /// The price that it replaces, archived now.
    pub replaced: Option<String>,
    /// What was done to it, or would be.
    pub done: Done,
}

/// All products and prices, with what was done to each.
#[derive(Clone, Debug, Serialize)]
pub struct ProductsReport {
    /// A dry run: nothing was changed.
    pub dry_run: bool,
    /// The mode of the key.
    pub livemode: bool,
    /// One for each plan.
    pub products: Vec<ProductLine>,
    /// One for each price.
    pub prices: Vec<PriceLine>,
    /// What a person should look at.
    pub warnings: Vec<String>,
}

impl ProductsReport {
    pub(super) fn new(dry_run: bool, livemode: bool) -> Self {
        Self { dry_run, livemode, products: Vec::new(), prices: Vec::new(), warnings: Vec::new() }
    }

    /// Whether anything was done, or would be.
    pub fn has_changes(&self) -> bool {
        self.products.iter().any(|line| line.done != Done::Unchanged)
            || self.prices.iter().any(|line| line.done != Done::Unchanged)
    }
}

impl ProductsReport {
    fn said(&self, done: Done) -> String {
        let would = if self.dry_run && done != Done::Unchanged { "would be " } else { "" };
        format!("{would}{done}")
    }
}

impl outcome::Report for ProductsReport {}

impl fmt::Display for ProductsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["PRICE", "AMOUNT", "PRODUCT", "DONE"].map(str::to_owned);
        let row = |line: &PriceLine| {
            let done = match &line.replaced {
                Some(old) => format!("{} ({old} archived)", self.said(line.done)),
                None => self.said(line.done),
            };
            let product = line.product.clone().unwrap_or_else(|| "new".to_owned());
            [line.lookup_key.clone(), money::amount(line.unit_amount, &line.currency), product, done]
        };
        let rows: Vec<_> = std::iter::once(head).chain(self.prices.iter().map(row)).collect();
        table::write(f, &rows)?;
        writeln!(f)?;
        let head = ["PLAN", "NAME", "PRODUCT", "DONE"].map(str::to_owned);
        let row = |line: &ProductLine| {
            let done = match line.changes.as_slice() {
                [] => self.said(line.done),
                changes => format!("{} ({})", self.said(line.done), changes.join(", ")),
            };
            let archived =
                if line.was_archived() { ": it was archived, and nobody could buy it" } else { "" };
            let done = format!("{done}{archived}");
            let product = line.product.clone().unwrap_or_else(|| "new".to_owned());
            [line.plan_code.to_string(), line.name.clone(), product, done]
        };
        let rows: Vec<_> = std::iter::once(head).chain(self.products.iter().map(row)).collect();
        table::write(f, &rows)?;
        for warning in &self.warnings {
            writeln!(f, "\nWarning: {warning}")?;
        }
        let mode = if self.livemode { "live" } else { "test" };
        match (self.dry_run, self.has_changes()) {
            (true, true) => write!(f, "\nNothing was changed in {mode} mode: this is what would be done."),
            (_, true) => write!(f, "\nStripe is up to date in {mode} mode."),
            (_, false) => write!(f, "\nStripe was up to date already in {mode} mode."),
        }
    }
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unchanged => "unchanged",
            Self::Created => "created",
            Self::Replaced => "replaced",
            Self::Updated => "updated",
        })
    }
}
