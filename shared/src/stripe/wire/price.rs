//! Prices.

use serde::Deserialize;

use super::{Metadata, null_as_default};

/// What is paid for, and how often. A `plan` in API versions before prices has the same fields at other places.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Price {
    /// Its id.
    pub id: Option<String>,
    /// Our name for it.
    pub lookup_key: Option<String>,
    /// `plan_code` says which plan it sells.
    #[serde(default, deserialize_with = "null_as_default")]
    pub metadata: Metadata,
    /// How often it is paid.
    #[serde(default, deserialize_with = "null_as_default")]
    pub recurring: Recurring,
    /// How often a plan is paid.
    pub interval: Option<String>,
}

/// How often a price is paid.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Recurring {
    /// `day`, `week`, `month` or `year`.
    pub interval: Option<String>,
}
