//! What is sold: the plans and their prices, from the tables `plans` and `prices`, and how Stripe has them.

pub mod listed;

use std::collections::BTreeMap;

use serde::Deserialize;
use shared::domain::plan::{Interval, PlanCode};
use shared::stripe::wire::{Expandable, Metadata};
use shared::stripe::{self, Stripe};
use stripe_product::price::ListPrice;
use tokio_postgres::Client;

use crate::context;
use crate::outcome::Code;

/// A plan as it shall be sold.
#[derive(Clone, Debug)]
pub struct Plan {
    pub code: PlanCode,
    pub name: String,
    /// Further seats may be bought in the portal.
    pub more_seats: bool,
    pub prices: Vec<Wanted>,
    /// Those that Stripe has already, by their ids.
    pub listed: Vec<(String, listed::Listed)>,
}

impl Plan {
    /// The ids of those that Stripe has already and that are sold.
    pub fn sold_by_id(&self) -> impl Iterator<Item = &String> {
        self.listed.iter().filter(|(_, price)| price.sold).map(|(id, _)| id)
    }

    /// Whether all that it is sold for was there before: nothing is to be made at Stripe.
    pub fn is_sold_by_id_alone(&self) -> bool {
        self.prices.is_empty() && self.sold_by_id().next().is_some()
    }
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
    /// How often it is paid. None: once.
    pub fn by_interval(&self) -> Option<(&str, i64)> {
        self.recurring.as_ref().map(|recurring| (recurring.interval.as_str(), recurring.interval_count))
    }

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

/// Reads the plans, lowest rank first.
pub async fn plans(database: &Client) -> Result<Vec<Plan>, context::Error> {
    const SQL: &str = "select plan_code, name, more_seats, price_month_cents, price_year_cents, currency,
          lookup_key_prefix
        from billing.plans order by rank";
    let rows = database.query_typed(SQL, &[]).await?;
    let plan = |row: &tokio_postgres::Row| {
        let price = |(interval, column): (Interval, &str)| {
            Some(Wanted {
                lookup_key: format!("{}_{interval}", row.get::<_, &str>("lookup_key_prefix")),
                interval,
                unit_amount: i64::from(row.get::<_, Option<i32>>(column)?),
                currency: row.get::<_, &str>("currency").to_lowercase(),
            })
        };
        let columns = [(Interval::Month, "price_month_cents"), (Interval::Year, "price_year_cents")];
        let prices = columns.into_iter().filter_map(price).collect();
        let code = row.get::<_, &str>("plan_code").parse().map_err(|_| no_code(row.get("plan_code")))?;
        let (name, more_seats) = (row.get("name"), row.get("more_seats"));
        Ok(Plan { code, name, more_seats, prices, listed: Vec::new() })
    };
    let mut plans = rows.iter().map(plan).collect::<Result<Vec<_>, context::Error>>()?;
    listed::read(database, &mut plans).await?;
    Ok(plans)
}

fn no_code(code: &str) -> context::Error {
    let sentence = format!(
        "The table plans holds the code {code:?}. A plan's code has small letters, digits, _ and -, and \
         begins with a letter."
    );
    context::Error::Operation(sentence, Code::Failed)
}

/// The prices at Stripe that have these lookup keys now, archived ones too. Stripe takes ten keys a call.
pub async fn prices_by_key(stripe: &Stripe, keys: &[String]) -> Result<Vec<Price>, stripe::Error> {
    let mut found = Vec::new();
    for keys in keys.chunks(10) {
        // Stripe leaves the currency options out of an answer that does not ask for them.
        let expand = vec!["data.currency_options".to_owned()];
        let request = ListPrice::new().lookup_keys(keys.to_vec()).limit(100).expand(expand);
        found.extend(stripe.list::<Price>(&request).await?);
    }
    Ok(found)
}
