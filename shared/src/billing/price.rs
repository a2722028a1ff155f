//! The price at Stripe that a plan is sold by.

use stripe_product::price::ListPrice;

use crate::db::plans::SoldBy;
use crate::error::Error;
use crate::stripe::Stripe;
use crate::stripe::wire::Listing;
use crate::stripe::wire::price::Price;

/// Its id.
///
/// # Errors
/// If Stripe fails, or has no active price with the lookup key.
pub async fn id(stripe: &Stripe, sold_by: &SoldBy) -> Result<String, Error> {
    let key = match sold_by {
        SoldBy::Id(id) => return Ok(id.clone()),
        SoldBy::LookupKey(key) => key.clone(),
    };
    let request = ListPrice::new().lookup_keys(vec![key]).active(true).limit(1);
    let prices: Listing<Price> = stripe.get(&request).await?;
    let price = prices.data.into_iter().next().and_then(|price| price.id);
    price.ok_or(Error::Internal("no active price in Stripe has the plan's lookup key"))
}
