//! Customers: whether they are there, and what their metadata says.

use serde::Deserialize;

use super::{Metadata, null_as_default};

/// A customer as Stripe sends it, without anything personal.
#[derive(Clone, Debug, Deserialize)]
pub struct Customer {
    /// Its id.
    pub id: String,
    /// When it was made, Unix seconds. A deleted one does not say.
    #[serde(default, deserialize_with = "null_as_default")]
    pub created: i64,
    /// It was deleted, and with it its subscriptions ended.
    #[serde(default, deserialize_with = "null_as_default")]
    pub deleted: bool,
    /// What the application wrote there.
    #[serde(default)]
    pub metadata: Metadata,
}
