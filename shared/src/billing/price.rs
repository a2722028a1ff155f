//! The price at Stripe that a plan is sold by.

use stripe_product::price::ListPrice;

use crate::error::Error;
use crate::stripe::Stripe;
use crate::stripe::wire::Listing;
use crate::stripe::wire::price::Price;

/// The id of the active price with this lookup key.
///
/// # Errors
/// If Stripe fails, or has no such price.
pub async fn sold(stripe: &Stripe, lookup_key: &str) -> Result<String, Error> {
    let request = ListPrice::new().lookup_keys(vec![lookup_key.to_owned()]).active(true).limit(1);
    let prices: Listing<Price> = stripe.get(&request).await?;
    let price = prices.data.into_iter().next().and_then(|price| price.id);
    price.ok_or(Error::Internal("no active price in Stripe has the plan's lookup key"))
}
