//! What an operator switched on in the portal besides ours: it stays on. Stripe replaces a list as a whole,
//! so what is in theirs and not in ours is added to ours.

use std::collections::BTreeMap;

use shared::stripe::{self, Stripe};
use stripe_product::price::RetrievePrice;

use super::features::{Features, Product, SubscriptionUpdate};
use crate::catalog::Price;

/// Prices of a configuration that are none of ours, by id. Archived ones are not among them: nobody can
/// change to those.
pub type Others = BTreeMap<String, Price>;

/// Asks Stripe for the prices that the configuration lists and `ours` does not.
///
/// # Errors
/// If Stripe does not answer. A price that it does not know is left out.
pub async fn others(stripe: &Stripe, ours: &Features, theirs: &Features) -> Result<Others, stripe::Error> {
    let known: Vec<&String> = prices(&ours.subscription_update).collect();
    let mut others = Others::new();
    for id in prices(&theirs.subscription_update).filter(|id| !known.contains(id)) {
        match stripe.get::<Price>(&RetrievePrice::new(id.as_str())).await {
            Ok(price) if price.active => {
                others.insert(id.clone(), price);
            }
            Ok(_) | Err(stripe::Error::Refused { status: 404, .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(others)
}

/// Ours, with what `theirs` has on besides.
pub fn keep(mut ours: Features, theirs: &Features, others: &Others) -> Features {
    add(&mut ours.customer_update.allowed_updates, &theirs.customer_update.allowed_updates);
    let reasons = &theirs.subscription_cancel.cancellation_reason.options;
    add(&mut ours.subscription_cancel.cancellation_reason.options, reasons);
    let (update, their_update) = (&mut ours.subscription_update, &theirs.subscription_update);
    add(&mut update.default_allowed_updates, &their_update.default_allowed_updates);
    add(&mut update.schedule_at_period_end.conditions, &their_update.schedule_at_period_end.conditions);
    let mut products = update.products.take().unwrap_or_default();
    for listed in their_update.products.iter().flatten() {
        match products.iter_mut().find(|product| product.product == listed.product) {
            Some(product) => keep_product(product, listed, others),
            None => products.extend(foreign(listed, others)),
        }
    }
    update.products = Some(products);
    ours.in_order()
}

fn prices(update: &SubscriptionUpdate) -> impl Iterator<Item = &String> {
    update.products.iter().flatten().flat_map(|product| &product.prices)
}

fn add<T: Clone + PartialEq>(ours: &mut Vec<T>, theirs: &[T]) {
    for one in theirs {
        if !ours.contains(one) {
            ours.push(one.clone());
        }
    }
}

/// A product of ours, with the seats that may be bought and the further prices. Stripe takes one price of a
/// product for each rhythm, and ours are paid by the month and by the year.
fn keep_product(product: &mut Product, listed: &Product, others: &Others) {
    if listed.adjustable_quantity.enabled {
        let minimum = listed.adjustable_quantity.minimum.or(product.adjustable_quantity.minimum);
        product.adjustable_quantity = listed.adjustable_quantity.clone();
        product.adjustable_quantity.minimum = minimum;
    }
    let further = listed.prices.iter().filter(|id| others.get(*id).is_some_and(|price| !is_like_ours(price)));
    product.prices.extend(further.cloned());
}

fn is_like_ours(price: &Price) -> bool {
    price.recurring.as_ref().is_some_and(|recurring| {
        recurring.interval_count == 1 && matches!(recurring.interval.as_str(), "month" | "year")
    })
}

/// A product that is none of ours, if something of it can still be bought.
fn foreign(listed: &Product, others: &Others) -> Option<Product> {
    let prices: Vec<String> = listed.prices.iter().filter(|id| others.contains_key(*id)).cloned().collect();
    (!prices.is_empty()).then(|| Product { prices, ..listed.clone() })
}
