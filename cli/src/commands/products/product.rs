//! A plan's product: found through its prices or by its metadata, else created.

use std::collections::HashMap;

use shared::stripe::{self, Stripe};
use stripe_product::product::{CreateProduct, ListProduct, RetrieveProduct, UpdateProduct};

use super::report::{Done, ProductLine, ProductsReport};
use super::{Account, Error};
use crate::catalog::{PLAN_CODE, Plan, Price, Product};

/// Every product of the account, archived ones too: one that is needed is taken out of the archive.
pub async fn all(stripe: &Stripe) -> Result<Vec<Product>, stripe::Error> {
    stripe.list(&ListProduct::new().limit(100)).await
}

/// Finds or creates the plan's product. None: it would be created.
pub async fn bring_up_to_date(
    account: &Account<'_>,
    plan: &Plan,
    products: &[Product],
    prices: &[Price],
    report: &mut ProductsReport,
) -> Result<Option<Product>, Error> {
    let Choice { product, rivals } = choose(plan, products, prices);
    if let (Some(chosen), false) = (product, rivals.is_empty()) {
        report.warnings.push(format!(
            "{} also claims the plan {}; {} is used. Archive the other, or take {PLAN_CODE} out of its \
             metadata.",
            rivals.join(" and "),
            plan.code,
            chosen.id
        ));
    }
    let (product, done, changes) = match product {
        Some(product) => update(account, plan, product).await?,
        None => (create(account, plan).await?, Done::Created, Vec::new()),
    };
    report.products.push(ProductLine {
        plan_code: plan.code.clone(),
        name: plan.name.clone(),
        product: product.as_ref().map(|product| product.id.clone()),
        done,
        changes,
    });
    Ok(product)
}

struct Choice<'a> {
    product: Option<&'a Product>,
    /// Other active products of the same plan.
    rivals: Vec<&'a str>,
}

/// The product that the plan's prices belong to; else the one that claims the plan, active before archived,
/// old before new.
fn choose<'a>(plan: &Plan, products: &'a [Product], prices: &[Price]) -> Choice<'a> {
    let code = plan.code.as_str();
    let of_price = plan.prices.iter().find_map(|wanted| {
        let price = prices.iter().find(|price| price.lookup_key.as_ref() == Some(&wanted.lookup_key))?;
        let product = products.iter().find(|product| product.id == price.product.0)?;
        // A price that hangs on another plan's product does not make that product this plan's.
        product.metadata.get(PLAN_CODE).is_none_or(|claimed| claimed == code).then_some(product)
    });
    let mut claims: Vec<&Product> =
        products.iter().filter(|product| product.metadata.get(PLAN_CODE) == Some(code)).collect();
    claims.sort_by_key(|product| (!product.active, product.created, product.id.as_str()));
    let product = of_price.or_else(|| claims.first().copied());
    let is_rival = |other: &&Product| other.active && product.is_some_and(|chosen| chosen.id != other.id);
    Choice { product, rivals: claims.into_iter().filter(is_rival).map(|other| other.id.as_str()).collect() }
}

async fn update(
    account: &Account<'_>,
    plan: &Plan,
    product: &Product,
) -> Result<(Option<Product>, Done, Vec<String>), Error> {
    let mut request = UpdateProduct::new(product.id.as_str());
    let mut changes = Vec::new();
    if product.name != plan.name {
        request = request.name(plan.name.as_str());
        changes.push("name".to_owned());
    }
    if product.metadata.get(PLAN_CODE) != Some(plan.code.as_str()) {
        request = request.metadata(metadata(plan));
        changes.push("metadata".to_owned());
    }
    if !product.active {
        request = request.active(true);
        changes.push("active".to_owned());
    }
    if changes.is_empty() {
        return Ok((Some(product.clone()), Done::Unchanged, changes));
    }
    // Setting a value twice does no harm, and a key would repeat an answer from before a change that somebody
    // made since.
    if !account.dry_run {
        let _: Product = account.stripe.post(&request, &stripe::IdempotencyKey::unique()).await?;
    }
    Ok((Some(product.clone()), Done::Updated, changes))
}

async fn create(account: &Account<'_>, plan: &Plan) -> Result<Option<Product>, Error> {
    let request = CreateProduct::new(plan.name.as_str()).metadata(metadata(plan));
    let what = format!("create the product of {}", plan.code);
    let read = |product: &Product| RetrieveProduct::new(product.id.as_str());
    Ok(account.create(&what, &request, read, |now: &Product| now.active).await?)
}

pub fn metadata(plan: &Plan) -> HashMap<String, String> {
    HashMap::from([(PLAN_CODE.to_owned(), plan.code.to_string())])
}
