//! Prices that Stripe has already, which the catalogue names by their ids.

use serde::{Deserialize, Serialize};
use shared::domain::plan::Interval;
use shared::stripe::{self, Stripe};
use stripe_product::price::RetrievePrice;
use tokio_postgres::Client;

use super::{Plan, Price};
use crate::{context, money, query, words};

/// A price that Stripe has already, as the catalogue has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Listed {
    /// How often it is paid. None: the catalogue does not say, and it is not sold.
    pub interval: Option<Interval>,
    /// ISO 4217, lower case. None: the same.
    pub currency: Option<String>,
    /// In the currency's smallest unit. None: the same.
    pub amount: Option<i32>,
    /// A checkout sells it. False: nobody can buy it, and whoever pays it has the plan.
    pub sold: bool,
}

#[derive(Deserialize)]
struct Row {
    plan_code: String,
    price_id: String,
    #[serde(flatten)]
    price: Listed,
}

/// Adds those of the table `prices` to their plans.
pub(super) async fn read(database: &Client, plans: &mut [Plan]) -> Result<(), context::Error> {
    const SQL: &str = "select jsonb_build_object('plan_code', r.plan_code, 'price_id', r.price_id,
          'interval', r.billing_interval, 'currency', r.currency, 'amount', r.amount_cents, 'sold', r.sold)
        from billing.prices r where r.listed order by r.price_id";
    let rows: Vec<Row> = query::all(database, SQL, &[]).await?;
    for row in rows {
        if let Some(plan) = plans.iter_mut().find(|plan| plan.code.as_str() == row.plan_code) {
            plan.listed.push((row.price_id, row.price));
        }
    }
    Ok(())
}

/// What is wrong with those of the plans at Stripe: a sentence for each.
///
/// # Errors
/// If Stripe fails.
pub async fn problems(stripe: &Stripe, plans: &[Plan]) -> Result<Vec<String>, stripe::Error> {
    let mut problems = Vec::new();
    for (plan, id, listed) in
        plans.iter().flat_map(|plan| plan.listed.iter().map(move |(id, l)| (plan, id, l)))
    {
        let found: Option<Price> = match stripe.get(&RetrievePrice::new(id.as_str())).await {
            Ok(price) => Some(price),
            Err(stripe::Error::Refused { status: 404, .. }) => None,
            Err(error) => return Err(error),
        };
        let wrong = match found {
            None => Some(format!("Stripe has no such price in {} mode", words::mode(stripe.livemode()))),
            Some(price) => listed.problem(&price),
        };
        problems.extend(wrong.map(|wrong| format!("{id} of {}: {wrong}.", plan.code)));
    }
    Ok(problems)
}

impl Listed {
    /// What is wrong with it. None: nothing.
    fn problem(&self, price: &Price) -> Option<String> {
        let Some(recurring) = &price.recurring else {
            return Some("it is paid once, and a plan is paid again and again".to_owned());
        };
        if self.sold && !price.active {
            return Some(
                "it is archived, so nobody can buy it. Restore it at Stripe, or write sold = false".into(),
            );
        }
        let by_interval = |interval: Interval| {
            recurring.interval == interval.as_str()
                && recurring.interval_count == 1
                && recurring.usage_type == "licensed"
        };
        let is_so = self.interval.is_none_or(by_interval)
            && self.currency.as_ref().is_none_or(|currency| *currency == price.currency)
            && self.amount.is_none_or(|amount| price.unit_amount == Some(i64::from(amount)));
        if is_so {
            return None;
        }
        let amount = match price.unit_amount {
            Some(amount) => money::amount(amount, &price.currency),
            None => format!("no single amount in {}", price.currency.to_uppercase()),
        };
        let metered = if recurring.usage_type == "metered" { ", metered" } else { "" };
        let every = words::every(&recurring.interval, recurring.interval_count);
        Some(format!("at Stripe it costs {amount} {every}{metered}, and the catalogue says something else"))
    }
}
