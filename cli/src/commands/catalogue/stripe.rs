//! The catalogue at Stripe: products and prices, what is no longer sold, the portal.

use serde::Serialize;
use shared::stripe::{self, IdempotencyKey, Stripe};
use stripe_product::price::UpdatePrice;

use super::report::Archived;
use super::{Catalogue, Error};
use crate::catalog::{self, Price};
use crate::commands::portal_configuration::{self, PortalConfigurationReport};
use crate::commands::products::{self, Done, ProductsReport};

/// What was done at Stripe, or would be.
#[derive(Clone, Debug, Serialize)]
pub struct StripeReport {
    /// The products and prices.
    pub products: ProductsReport,
    /// Prices that are not sold any more.
    pub archived: Vec<Archived>,
    /// The portal. None: a dry run, and it will name prices that are still to be made.
    pub portal: Option<PortalConfigurationReport>,
}

impl StripeReport {
    /// Whether anything was done, or would be.
    pub fn has_changes(&self) -> bool {
        let is_changed =
            |portal: &PortalConfigurationReport| portal.done != portal_configuration::Done::Unchanged;
        self.products.has_changes()
            || self.archived.iter().any(|line| line.refused.is_none())
            || self.portal.as_ref().is_none_or(is_changed)
    }
}

/// Says what would be done.
pub async fn preview(stripe: &Stripe, wanted: &Catalogue, before: &Catalogue) -> Result<StripeReport, Error> {
    listed(stripe, wanted).await?;
    let products = products::bring_up_to_date(&wanted.sold(), stripe, true).await?;
    let archived = archive(stripe, wanted, before, true).await?;
    let is_new = |done: Done| matches!(done, Done::Created | Done::Replaced);
    let portal = match products.prices.iter().any(|line| is_new(line.done)) {
        true => None,
        false => Some(portal(stripe, wanted, true).await?),
    };
    Ok(StripeReport { products, archived, portal })
}

/// The prices that Stripe is said to have already are there, and as the file says.
///
/// # Errors
/// [`Error::Listed`] if not.
pub async fn listed(stripe: &Stripe, wanted: &Catalogue) -> Result<(), Error> {
    let problems = catalog::listed::problems(stripe, &wanted.sold()).await?;
    if problems.is_empty() { Ok(()) } else { Err(Error::Listed(problems)) }
}

/// The portal, where anything is paid for.
pub async fn portal(
    stripe: &Stripe,
    wanted: &Catalogue,
    dry_run: bool,
) -> Result<PortalConfigurationReport, Error> {
    Ok(portal_configuration::bring_up_to_date(&wanted.sold(), stripe, dry_run).await?)
}

/// Archives the prices of our plans that are not sold any more: nobody can buy by them, and subscriptions on
/// them stay as they are.
pub async fn archive(
    stripe: &Stripe,
    wanted: &Catalogue,
    before: &Catalogue,
    dry_run: bool,
) -> Result<Vec<Archived>, Error> {
    let sold = wanted.keys();
    // A plan that is no longer sold by an interval is found again, if an earlier run came to no end.
    let intervals = ["month", "year"];
    let of_plan = |plan: &super::Plan| intervals.map(|interval| format!("{}_{interval}", plan.lookup_key));
    let mut keys: Vec<String> =
        before.plans.values().chain(wanted.plans.values()).flat_map(of_plan).collect();
    keys.retain(|key| !sold.contains_key(key));
    keys.sort_unstable();
    keys.dedup();
    let mut archived = Vec::new();
    for price in catalog::prices_by_key(stripe, &keys).await?.into_iter().filter(|price| price.active) {
        // It is sold by its id now.
        if wanted.plans.values().any(|plan| plan.prices.get(&price.id).is_some_and(|listed| listed.sold)) {
            continue;
        }
        let refused = if dry_run { None } else { archive_one(stripe, &price).await? };
        let lookup_key = price.lookup_key.unwrap_or_default();
        archived.push(Archived { lookup_key, price: price.id, refused });
    }
    Ok(archived)
}

/// Stripe's reason, if it refuses.
async fn archive_one(stripe: &Stripe, price: &Price) -> Result<Option<String>, Error> {
    let request = UpdatePrice::new(price.id.as_str()).active(false);
    match stripe.post::<Price>(&request, &IdempotencyKey::unique()).await {
        Ok(_) => Ok(None),
        Err(error @ stripe::Error::Refused { status: 400, .. }) => Ok(Some(error.to_string())),
        Err(error) => Err(error.into()),
    }
}
