//! What is sold: the plans and their prices, from the table `plans`, and how Stripe has them.

use std::collections::BTreeMap;

use serde::Deserialize;
use shared::domain::plan::{Interval, PlanCode};
use shared::stripe::wire::{Expandable, Metadata};
use tokio_postgres::Client;

use crate::context;

/// A plan as it shall be sold.
#[derive(Clone, Debug)]
pub struct Plan {
    pub code: PlanCode,
    pub name: String,
    pub prices: Vec<Wanted>,
}

/// A price as it shall be.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub lookup_key: String,
    pub interval: Interval,
    pub unit_amount: i64,
    pub currency: String,
}

/// A Stripe product (Stripe API, "The Product object"), as far as it matters here.
#[derive(Clone, Debug, Deserialize)]
pub struct Product {
    pub id: String,
    pub active: bool,
    pub name: String,
    #[serde(default)]
    pub metadata: Metadata,
    #[serde(default)]
    pub default_price: Option<Expandable>,
    pub created: i64,
}

/// A Stripe price (Stripe API, "The Price object"), as far as it matters here.
#[derive(Clone, Debug, Deserialize)]
pub struct Price {
    pub id: String,
    pub active: bool,
    pub product: Expandable,
    pub lookup_key: Option<String>,
    pub currency: String,
    /// None: tiers, or fractions of a cent.
    pub unit_amount: Option<i64>,
    pub recurring: Option<Recurring>,
    #[serde(default)]
    pub metadata: Metadata,
    #[serde(default)]
    pub nickname: Option<String>,
    /// `inclusive`, `exclusive` or `unspecified`.
    #[serde(default)]
    pub tax_behavior: Option<String>,
    /// What it charges by currency, its own among them. Empty where Stripe was not asked for it.
    #[serde(default)]
    pub currency_options: BTreeMap<String, CurrencyOption>,
}

/// What a price charges in one currency.
#[derive(Clone, Debug, Deserialize)]
pub struct CurrencyOption {
    /// None: tiers, or fractions of a cent.
    pub unit_amount: Option<i64>,
    /// The same with fractions of a cent. None: tiers.
    pub unit_amount_decimal: Option<String>,
    #[serde(default)]
    pub tax_behavior: Option<String>,
}

/// How often a price is paid.
#[derive(Clone, Debug, Deserialize)]
pub struct Recurring {
    pub interval: String,
    pub interval_count: i64,
    pub usage_type: String,
    #[serde(default)]
    pub trial_period_days: Option<u32>,
}

impl Price {
    /// Whether it charges what is wanted, as often. These are what Stripe never changes on a price.
    pub fn charges(&self, wanted: &Wanted) -> bool {
        self.unit_amount == Some(wanted.unit_amount)
            && self.currency == wanted.currency
            && self.recurring.as_ref().is_some_and(|recurring| {
                recurring.interval == wanted.interval.as_str()
                    && recurring.interval_count == 1
                    && recurring.usage_type == "licensed"
            })
    }
}

/// The name under which products and prices carry their plan.
pub const PLAN_CODE: &str = "plan_code";

/// Reads the plans, lowest rank first. A plan that this version does not know is not ours to sell.
pub async fn plans(database: &Client) -> Result<Vec<Plan>, context::Error> {
    const SQL: &str = "select plan_code, name, price_month_cents, price_year_cents, currency
        from billing.plans order by rank";
    let rows = database.query_typed(SQL, &[]).await?;
    let plan = |row: &tokio_postgres::Row| {
        let code: PlanCode = row.get::<_, &str>("plan_code").parse().ok()?;
        let price = |(interval, column): (Interval, &str)| {
            Some(Wanted {
                lookup_key: code.lookup_key(interval)?,
                interval,
                unit_amount: i64::from(row.get::<_, Option<i32>>(column)?),
                currency: row.get::<_, &str>("currency").to_lowercase(),
            })
        };
        let columns = [(Interval::Month, "price_month_cents"), (Interval::Year, "price_year_cents")];
        let prices = columns.into_iter().filter_map(price).collect();
        Some(Plan { code, name: row.get("name"), prices })
    };
    Ok(rows.iter().filter_map(plan).collect())
}
