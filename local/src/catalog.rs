//! The products and prices in Stripe, made from the table `plans`: what exists is left alone.

use std::collections::HashMap;

use shared::domain::plan::{Interval, PlanCode};
use shared::stripe::wire::price::Price;
use shared::stripe::wire::{List, Object};
use shared::stripe::{IdempotencyKey, Stripe};
use stripe_product::price::{CreatePrice, CreatePriceRecurring, CreatePriceRecurringInterval, ListPrice};
use stripe_product::product::CreateProduct;
use stripe_types::Currency;
use tokio_postgres::Client;

use crate::problem::Problem;

/// Makes what is missing of the products and prices that the plans are sold by, and returns the lookup keys of the new prices.
///
/// # Errors
/// If the database or Stripe fails.
pub async fn set_up(database: &Client, stripe: &Stripe) -> Result<Vec<String>, Problem> {
    let plans = database
        .query("select plan_code, name, price_month_cents, price_year_cents, currency from public.plans order by rank", &[])
        .await
        .map_err(|error| Problem::new(format!("The plans cannot be read: {error}.")))?;
    let mut made = Vec::new();
    for row in plans {
        let code: &str = row.get("plan_code");
        let plan: PlanCode = code.parse().map_err(|_| {
            Problem::new(format!("The table plans holds a plan {code}, which nothing knows."))
        })?;
        let prices = [
            (Interval::Month, row.get::<_, Option<i32>>("price_month_cents")),
            (Interval::Year, row.get("price_year_cents")),
        ];
        let currency: Currency = row
            .get::<_, &str>("currency")
            .parse()
            .map_err(|_| Problem::new("A plan's currency is none that Stripe knows."))?;
        set_up_plan(stripe, plan, row.get("name"), &prices, currency, &mut made)
            .await
            .map_err(|error| Problem::new(format!("Stripe did not take the prices of {code}: {error}.")))?;
    }
    Ok(made)
}

async fn set_up_plan(
    stripe: &Stripe,
    plan: PlanCode,
    name: &str,
    prices: &[(Interval, Option<i32>)],
    currency: Currency,
    made: &mut Vec<String>,
) -> Result<(), shared::stripe::Error> {
    let metadata = HashMap::from([("plan_code".to_owned(), plan.to_string())]);
    let mut product = None;
    for (interval, cents) in prices {
        let (Some(lookup_key), Some(cents)) = (plan.lookup_key(*interval), cents) else { continue };
        let existing: List<Price> =
            stripe.get(&ListPrice::new().lookup_keys(vec![lookup_key.clone()]).limit(1)).await?;
        if !existing.data.is_empty() {
            continue;
        }
        let product = match &product {
            Some(id) => id,
            None => {
                let made: Object = stripe
                    .post(&CreateProduct::new(name).metadata(metadata.clone()), &IdempotencyKey::unique())
                    .await?;
                product.insert(made.id)
            }
        };
        let recurring = CreatePriceRecurring::new(match interval {
            Interval::Month => CreatePriceRecurringInterval::Month,
            Interval::Year => CreatePriceRecurringInterval::Year,
        });
        let request = CreatePrice::new(currency.clone())
            .product(product.as_str())
            .unit_amount(i64::from(*cents))
            .recurring(recurring)
            .lookup_key(lookup_key.as_str())
            .metadata(metadata.clone());
        let _: Object = stripe.post(&request, &IdempotencyKey::unique()).await?;
        made.push(lookup_key);
    }
    Ok(())
}
