//! What is taken off a subscription's price.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A discount of a subscription, or of one of its items.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Discount {
    /// Stripe's id, `di_...`.
    pub id: String,
    /// It is one of an item's own: Stripe shows it there, and no further.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub item: bool,
    /// What it takes off. None: it was only named, and Stripe was not asked yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Terms>,
}

impl Discount {
    /// Whether Stripe would say what it takes off.
    pub fn is_open(&self) -> bool {
        !self.item && self.terms.is_none()
    }
}

/// What a discount takes off, and for how long.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// What customers see of its coupon. None: the coupon has no name.
    pub name: Option<String>,
    /// Percent, above 0 and at most 100. None: it takes an amount off.
    pub percent_off: Option<f64>,
    /// In the currency's smallest unit. None: it takes a percentage off.
    pub amount_off: Option<i64>,
    /// The amount's, ISO 4217 in lower case. None: it takes a percentage off.
    pub currency: Option<String>,
    /// Stripe's `once`, `repeating` or `forever`. None: Stripe does not have the coupon any more.
    pub duration: Option<String>,
    /// When a `repeating` one ends. None: never, or with the next invoice.
    pub ends_at: Option<Timestamp>,
}
