//! `billing catalogue pull`.

use std::fmt::{self, Write};

use serde::Serialize;
use shared::stripe::Stripe;
use stripe_product::product::ListProduct;

use super::{Catalogue, Error, Plan};
use crate::catalog::listed::Listed;
use crate::catalog::{self, PLAN_CODE, Price, Product};
use crate::context::{self, Context, Need};
use crate::outcome::{Code, Report};
use crate::query;

/// Prints a file of what there is: plans, flags and seats as the database has them, names and prices as
/// Stripe has them.
///
/// What Stripe lacks is taken from the database.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  billing catalogue pull > catalogue.toml
  billing catalogue pull --json | jq '.plans | keys'")]
pub struct Args {}

/// The catalogue; for people, as the file.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Pulled(pub Catalogue);

/// Reads it.
///
/// # Errors
/// See [`Error`].
pub async fn run(_: Args, context: &Context) -> Result<Pulled, Error> {
    context.require(&[Need::Database, Need::Stripe])?;
    const SQL: &str = "select billing_private.catalogue()";
    let stored: Option<Catalogue> = query::one(context.database().await?, SQL, &[]).await?;
    let mut catalogue = stored.ok_or_else(|| {
        let sentence = "The database has no catalogue. Run billing migrate first.".to_owned();
        context::Error::Operation(sentence, Code::DatabaseRefused)
    })?;
    take_from_stripe(context.stripe()?, &mut catalogue).await?;
    Ok(Pulled(catalogue))
}

async fn take_from_stripe(stripe: &Stripe, catalogue: &mut Catalogue) -> Result<(), Error> {
    let keys: Vec<String> = catalogue.keys().into_keys().collect();
    let prices = catalog::prices_by_key(stripe, &keys).await?;
    let products: Vec<Product> = stripe.list(&ListProduct::new().limit(100)).await?;
    for (code, plan) in &mut catalogue.plans {
        let price = |interval: &str| {
            let key = format!("{}_{interval}", plan.lookup_key);
            prices.iter().find(move |price| price.active && price.lookup_key.as_ref() == Some(&key))
        };
        let (month, year) = (price("month"), price("year"));
        let of_price = month.or(year).map(|price| price.product.0.as_str());
        let is_its = |product: &&Product| match of_price {
            Some(id) => product.id == id,
            None => product.active && product.metadata.get(PLAN_CODE) == Some(code.as_str()),
        };
        if let Some(product) = products.iter().find(is_its) {
            plan.name = product.name.clone();
        }
        let amount = |price: &Price| price.unit_amount.and_then(|amount| i32::try_from(amount).ok());
        if let Some(currency) = month.or(year).map(|price| price.currency.clone()) {
            plan.month = month.map_or(plan.month, amount);
            plan.year = year.map_or(plan.year, amount);
            plan.currency = currency;
        }
    }
    Ok(())
}

impl Report for Pulled {}

impl fmt::Display for Pulled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[flags]\n")?;
        for (flag, about) in &self.0.flags {
            writeln!(f, "{flag} = {}", quoted(about))?;
        }
        let mut plans: Vec<_> = self.0.plans.iter().collect();
        plans.sort_by_key(|(_, plan)| plan.rank);
        plans.into_iter().try_for_each(|(code, plan)| write_plan(f, code, plan))
    }
}

fn write_plan(f: &mut fmt::Formatter<'_>, code: &str, plan: &Plan) -> fmt::Result {
    writeln!(f, "\n[plans.{code}]\nname = {}", quoted(&plan.name))?;
    if !plan.description.is_empty() {
        writeln!(f, "description = {}", quoted(&plan.description))?;
    }
    writeln!(f, "rank = {}\nseats = {}", plan.rank, plan.seats)?;
    if plan.more_seats {
        f.write_str("more_seats = true\n")?;
    }
    writeln!(f, "lookup_key = {}", quoted(&plan.lookup_key))?;
    write_list(f, "flags", plan.flags.iter().filter(|(_, on)| **on).map(|(flag, _)| quoted(flag)))?;
    let currency = quoted(&plan.currency);
    let made = [("month", plan.month), ("year", plan.year)].into_iter().filter_map(|(interval, amount)| {
        Some(format!("{{ interval = \"{interval}\", amount = {}, currency = {currency} }}", amount?))
    });
    // A file's first price that is sold says which currency the plan has.
    let mut prices: Vec<_> = plan.prices.iter().collect();
    prices.sort_by_key(|(_, price)| !(price.sold && price.currency.as_ref() == Some(&plan.currency)));
    write_list(f, "prices", made.chain(prices.into_iter().map(listed)))
}

/// A price that Stripe has already.
fn listed((id, price): (&String, &Listed)) -> String {
    let fields = [
        price.interval.map(|interval| format!("interval = \"{interval}\"")),
        price.amount.map(|amount| format!("amount = {amount}")),
        price.currency.as_deref().map(|currency| format!("currency = {}", quoted(currency))),
        Some(format!("stripe_price = {}", quoted(id))),
        (!price.sold).then(|| "sold = false".to_owned()),
    ];
    format!("{{ {} }}", fields.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

fn write_list(f: &mut impl Write, name: &str, items: impl Iterator<Item = String>) -> fmt::Result {
    let items: Vec<String> = items.map(|item| format!("  {item},\n")).collect();
    match items.is_empty() {
        true => writeln!(f, "{name} = []"),
        false => writeln!(f, "{name} = [\n{}]", items.concat()),
    }
}

/// A basic string of TOML: the same escapes as JSON's, and DEL is escaped too.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}
