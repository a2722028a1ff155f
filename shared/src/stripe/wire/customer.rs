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

/// A customer's id, or the whole customer in its place because somebody asked Stripe to expand it.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "IdOrCustomer")]
pub struct ExpandableCustomer {
    /// Its id.
    pub id: String,
    /// What the application wrote there. Empty: nothing, or it was not expanded.
    pub metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum IdOrCustomer {
    Id(String),
    Customer {
        id: String,
        #[serde(default)]
        metadata: Metadata,
    },
}

impl From<IdOrCustomer> for ExpandableCustomer {
    fn from(wire: IdOrCustomer) -> Self {
        match wire {
            IdOrCustomer::Id(id) => Self { id, metadata: Metadata::default() },
            IdOrCustomer::Customer { id, metadata } => Self { id, metadata },
        }
    }
}
