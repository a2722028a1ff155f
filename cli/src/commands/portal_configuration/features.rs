//! What customers may do in the portal: one set of types, sent to Stripe and compared with what it has.
//!
//! Stripe's typed builders have one set of types for creating a configuration and another for changing it;
//! the same settings would stand there twice. Field names are Stripe's (Stripe API, "The Customer portal
//! configuration object").

use serde::{Deserialize, Serialize};

use crate::catalog::{Plan, Price};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Features {
    pub customer_update: CustomerUpdate,
    pub invoice_history: Switch,
    pub payment_method_update: Switch,
    pub subscription_cancel: SubscriptionCancel,
    pub subscription_update: SubscriptionUpdate,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switch {
    pub enabled: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerUpdate {
    pub enabled: bool,
    pub allowed_updates: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionCancel {
    pub enabled: bool,
    pub mode: String,
    pub proration_behavior: String,
    pub cancellation_reason: CancellationReason,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancellationReason {
    pub enabled: bool,
    pub options: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionUpdate {
    pub enabled: bool,
    pub default_allowed_updates: Vec<String>,
    pub proration_behavior: String,
    #[serde(default)]
    pub schedule_at_period_end: Schedule,
    #[serde(default)]
    pub products: Option<Vec<Product>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    pub conditions: Vec<Condition>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Condition {
    #[serde(rename = "type")]
    pub kind: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Product {
    pub product: String,
    pub prices: Vec<String>,
    #[serde(default)]
    pub adjustable_quantity: AdjustableQuantity,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AdjustableQuantity {
    pub enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum: Option<i64>,
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

impl Features {
    /// What our customers may do, with these prices to change between.
    pub fn wanted(prices: &[(&Plan, Price)]) -> Self {
        let mut products: Vec<Product> = Vec::new();
        for (plan, price) in prices {
            let id = &price.product.0;
            let listed = products.iter_mut().find(|product| product.product == *id);
            match listed {
                Some(product) => product.prices.push(price.id.clone()),
                None => products.push(Product {
                    product: id.clone(),
                    prices: vec![price.id.clone()],
                    adjustable_quantity: AdjustableQuantity {
                        enabled: plan.more_seats,
                        maximum: None,
                        minimum: plan.more_seats.then_some(1),
                    },
                }),
            }
        }
        Self {
            customer_update: CustomerUpdate {
                enabled: true,
                allowed_updates: words(&["address", "email", "tax_id"]),
            },
            invoice_history: Switch { enabled: true },
            payment_method_update: Switch { enabled: true },
            subscription_cancel: SubscriptionCancel {
                enabled: true,
                mode: "at_period_end".to_owned(),
                proration_behavior: "none".to_owned(),
                cancellation_reason: CancellationReason {
                    enabled: true,
                    options: words(&[
                        "customer_service",
                        "low_quality",
                        "missing_features",
                        "other",
                        "switched_service",
                        "too_complex",
                        "too_expensive",
                        "unused",
                    ]),
                },
            },
            subscription_update: SubscriptionUpdate {
                enabled: true,
                default_allowed_updates: words(&["price", "quantity"]),
                // An upgrade counts at once and so is paid at once: with create_prorations the difference
                // would wait for the next invoice, of a yearly plan up to a year.
                proration_behavior: "always_invoice".to_owned(),
                // What was paid for stays until it ends.
                schedule_at_period_end: Schedule {
                    conditions: ["decreasing_item_amount", "shortening_interval"]
                        .map(|kind| Condition { kind: kind.to_owned() })
                        .to_vec(),
                },
                products: Some(products),
            },
        }
        .in_order()
    }

    /// The same with every list in order: Stripe answers them in its own.
    pub fn in_order(mut self) -> Self {
        self.customer_update.allowed_updates.sort_unstable();
        self.subscription_cancel.cancellation_reason.options.sort_unstable();
        self.subscription_update.default_allowed_updates.sort_unstable();
        self.subscription_update.schedule_at_period_end.conditions.sort_unstable();
        for product in self.subscription_update.products.iter_mut().flatten() {
            product.prices.sort_unstable();
            if !product.adjustable_quantity.enabled {
                // Limits of what is switched off mean nothing.
                product.adjustable_quantity = AdjustableQuantity::default();
            }
        }
        if let Some(products) = &mut self.subscription_update.products {
            products.sort_unstable();
        }
        self
    }

    /// The names of the features in which the two differ.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        [
            ("customer_update", self.customer_update != other.customer_update),
            ("invoice_history", self.invoice_history != other.invoice_history),
            ("payment_method_update", self.payment_method_update != other.payment_method_update),
            ("subscription_cancel", self.subscription_cancel != other.subscription_cancel),
            ("subscription_update", self.subscription_update != other.subscription_update),
        ]
        .into_iter()
        .filter(|(_, differs)| *differs)
        .map(|(name, _)| name.to_owned())
        .collect()
    }
}
