//! Prices.

use serde::Deserialize;

use super::{Metadata, null_as_default};

/// What is paid for, and how often. A `plan` in API versions before prices has the same fields at other
/// places.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "IdOrPrice")]
pub struct Price {
    /// Stripe's id, `price_...`. None: the object has none.
    pub id: Option<String>,
    /// Our name for it.
    pub lookup_key: Option<String>,
    /// `plan_code` says which plan it sells, `seats_per_unit` that it sells seats, `addon_flags` that it
    /// sells an add-on.
    pub metadata: Metadata,
    /// How often it is paid.
    pub recurring: Recurring,
    /// How often a plan is paid.
    pub interval: Option<String>,
    /// A plan is paid once in so many intervals.
    pub interval_count: Option<i32>,
    /// ISO 4217, lower case.
    pub currency: Option<String>,
}

/// The whole price, or only its id.
#[derive(Deserialize)]
#[serde(untagged)]
enum IdOrPrice {
    Id(String),
    Price {
        id: Option<String>,
        lookup_key: Option<String>,
        #[serde(default)]
        metadata: Metadata,
        #[serde(default, deserialize_with = "null_as_default")]
        recurring: Recurring,
        interval: Option<String>,
        interval_count: Option<i32>,
        currency: Option<String>,
    },
}

impl From<IdOrPrice> for Price {
    fn from(wire: IdOrPrice) -> Self {
        match wire {
            IdOrPrice::Id(id) => Self { id: Some(id), ..Self::default() },
            IdOrPrice::Price { id, lookup_key, metadata, recurring, interval, interval_count, currency } => {
                Self { id, lookup_key, metadata, recurring, interval, interval_count, currency }
            }
        }
    }
}

/// How often a price is paid.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Recurring {
    /// `day`, `week`, `month` or `year`.
    pub interval: Option<String>,
    /// Paid once in so many intervals.
    pub interval_count: Option<i32>,
}
