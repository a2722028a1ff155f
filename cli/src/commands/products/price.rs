//! A plan's price: found by lookup key, replaced if it charges something else. Stripe never changes a price's
//! amount.

use shared::stripe::{self, IdempotencyKey, Stripe};
use stripe_product::price::{CreatePrice, RetrievePrice, UpdatePrice};
use stripe_product::product::UpdateProduct;
use stripe_types::Currency;

use super::product::metadata;
use super::report::{Done, PriceLine};
use super::{Account, Error, carry_over};
use crate::catalog::{self, PLAN_CODE, Plan, Price, Product, Wanted};

/// The metadata by which a run finds the price that an earlier one, which did not come to its end, was about
/// to archive.
const REPLACES: &str = "replaces";

/// The prices that have the plans' lookup keys now, archived ones too.
pub async fn current(stripe: &Stripe, plans: &[Plan]) -> Result<Vec<Price>, stripe::Error> {
    let keys = plans.iter().flat_map(|plan| &plan.prices).map(|wanted| wanted.lookup_key.clone());
    catalog::prices_by_key(stripe, &keys.collect::<Vec<_>>()).await
}

/// Creates, replaces or updates the price, or leaves it. `product` is None if it would be created.
pub async fn bring_up_to_date(
    account: &Account<'_>,
    plan: &Plan,
    wanted: &Wanted,
    current: Option<&Price>,
    product: Option<&Product>,
) -> Result<PriceLine, Error> {
    let line = |price: Option<&str>, done: Done| PriceLine {
        lookup_key: wanted.lookup_key.clone(),
        plan_code: plan.code.clone(),
        interval: wanted.interval,
        unit_amount: wanted.unit_amount,
        currency: wanted.currency.clone(),
        product: product.map(|product| product.id.clone()),
        price: price.map(str::to_owned),
        replaced: None,
        done,
    };
    let belongs = |price: &Price| product.is_some_and(|product| product.id == price.product.0);
    match current {
        Some(price) if price.charges(wanted) && belongs(price) => {
            let finished = finish(account, price, product).await?;
            let updated = update(account, plan, price).await?;
            let done = if finished || updated { Done::Updated } else { Done::Unchanged };
            Ok(line(Some(&price.id), done))
        }
        Some(old) => {
            let new = create(account, plan, wanted, Some(old), product).await?;
            if let Some(new) = &new {
                archive(account, old, new, product).await?;
            }
            let id = new.as_ref().map(|price| price.id.as_str());
            Ok(PriceLine { replaced: Some(old.id.clone()), ..line(id, Done::Replaced) })
        }
        None => {
            let new = create(account, plan, wanted, None, product).await?;
            Ok(line(new.as_ref().map(|price| price.id.as_str()), Done::Created))
        }
    }
}

async fn create(
    account: &Account<'_>,
    plan: &Plan,
    wanted: &Wanted,
    old: Option<&Price>,
    product: Option<&Product>,
) -> Result<Option<Price>, Error> {
    let Some(product) = product else { return Ok(None) };
    let currency: Currency = wanted.currency.parse().map_err(|_| Error::Currency(plan.code.to_string()))?;
    let mut metadata = carry_over::metadata(metadata(plan), old);
    if let Some(old) = old {
        metadata.insert(REPLACES.to_owned(), old.id.clone());
    }
    let mut request = CreatePrice::new(currency)
        .product(product.id.as_str())
        .unit_amount(wanted.unit_amount)
        .recurring(carry_over::recurring(wanted, old))
        .lookup_key(wanted.lookup_key.as_str())
        .metadata(metadata);
    if let Some(old) = old {
        request = carry_over::onto(request, wanted, old).transfer_lookup_key(true);
    }
    let what = format!("create the price {}", wanted.lookup_key);
    let read = |price: &Price| RetrievePrice::new(price.id.as_str());
    let holds = |now: &Price| now.active && now.lookup_key.as_ref() == Some(&wanted.lookup_key);
    Ok(account.create(&what, &request, read, holds).await?)
}

/// Archives the price that an earlier run replaced and could not archive any more.
async fn finish(account: &Account<'_>, price: &Price, product: Option<&Product>) -> Result<bool, Error> {
    let Some(replaced) = price.metadata.get(REPLACES) else { return Ok(false) };
    let old: Price = match account.stripe.get(&RetrievePrice::new(replaced)).await {
        Ok(old) => old,
        // Copied metadata, or another account's.
        Err(stripe::Error::Refused { status: 404, .. }) => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    if old.active && old.lookup_key.is_none() {
        archive(account, &old, price, product).await?;
        return Ok(true);
    }
    Ok(false)
}

/// Archives a price: nobody can buy by it any more, and subscriptions on it stay as they are.
async fn archive(
    account: &Account<'_>,
    old: &Price,
    new: &Price,
    product: Option<&Product>,
) -> Result<(), Error> {
    if account.dry_run || !old.active {
        return Ok(());
    }
    // Stripe does not archive the price that a product shows first.
    if let Some(product) = product
        && product.default_price.as_ref().is_some_and(|first| first.0 == old.id)
    {
        let request = UpdateProduct::new(product.id.as_str()).default_price(new.id.as_str());
        let _: Product = account.stripe.post(&request, &IdempotencyKey::unique()).await?;
    }
    let request = UpdatePrice::new(old.id.as_str()).active(false);
    let _: Price = account.stripe.post(&request, &IdempotencyKey::unique()).await?;
    Ok(())
}

async fn update(account: &Account<'_>, plan: &Plan, price: &Price) -> Result<bool, Error> {
    let is_named = price.metadata.get(PLAN_CODE) == Some(plan.code.as_str());
    if price.active && is_named {
        return Ok(false);
    }
    if !account.dry_run {
        let request = UpdatePrice::new(price.id.as_str()).active(true).metadata(metadata(plan));
        let _: Price = account.stripe.post(&request, &IdempotencyKey::unique()).await?;
    }
    Ok(true)
}
