//! The price as Stripe has it.

use serde::{Deserialize, Serialize};
use shared::stripe::{self, Stripe};
use stripe_product::price::RetrievePrice;

use crate::catalog::Recurring;
use crate::{money, words};

/// A recurring price at Stripe.
#[derive(Clone, Debug, Serialize)]
pub struct SoldPrice {
    /// Stripe's id, `price_...`.
    pub id: String,
    /// Live mode, not test mode.
    pub livemode: bool,
    /// It can be bought: it is not archived.
    pub active: bool,
    /// Stripe's id of its product.
    pub product: String,
    /// What customers read. None: the product was deleted.
    pub product_name: Option<String>,
    /// In the currency's smallest unit, before discounts and tax. None: it is no single amount.
    pub unit_amount: Option<i64>,
    /// Three letters, lower case.
    pub currency: String,
    /// How often it is paid: `day`, `week`, `month` or `year`.
    pub interval: String,
    /// It is paid once in so many intervals.
    pub interval_count: i64,
    /// `licensed`, or `metered`: what was used is paid, and the quantity counts as one.
    pub usage_type: String,
}

/// A price with its product (Stripe API, "The Price object"), as far as it matters here.
#[derive(Deserialize)]
struct Wire {
    id: String,
    livemode: bool,
    active: bool,
    product: Product,
    unit_amount: Option<i64>,
    currency: String,
    recurring: Option<Recurring>,
}

#[derive(Deserialize)]
struct Product {
    id: String,
    name: Option<String>,
}

/// Reads it. None: it is paid once.
pub(super) async fn read(stripe: &Stripe, id: &str) -> Result<Option<SoldPrice>, stripe::Error> {
    let request = RetrievePrice::new(id).expand(vec!["product".to_owned()]);
    let wire: Wire = stripe.get(&request).await?;
    Ok(wire.recurring.map(|recurring| SoldPrice {
        id: wire.id,
        livemode: wire.livemode,
        active: wire.active,
        product: wire.product.id,
        product_name: wire.product.name,
        unit_amount: wire.unit_amount,
        currency: wire.currency,
        interval: recurring.interval,
        interval_count: recurring.interval_count,
        usage_type: recurring.usage_type,
    }))
}

impl SoldPrice {
    /// What it sells for what: `Deal 4711 (prod_1), 390.00 USD every 3 months, before discounts and tax`.
    pub fn described(&self) -> String {
        let product = match &self.product_name {
            Some(name) => format!("{name} ({})", self.product),
            None => format!("{}, which was deleted", self.product),
        };
        let amount = match self.unit_amount {
            Some(amount) => money::amount(amount, &self.currency),
            None => format!("no single amount in {}", self.currency.to_uppercase()),
        };
        let every = words::every(&self.interval, self.interval_count);
        let metered = if self.usage_type == "metered" { ", metered" } else { "" };
        let archived = if self.active { "" } else { ", archived" };
        format!("{product}, {amount} {every}, before discounts and tax{metered}{archived}")
    }
}
