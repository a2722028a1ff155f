//! Invoices, of which only the subscription, the customer and the organization matter: the state is the
//! subscription's.

use serde::Deserialize;

use super::{Expandable, List, Metadata, null_as_default, org_of};
use crate::domain::ids::{CustomerId, OrgId, SubscriptionId};

/// An invoice as Stripe sends it.
#[derive(Debug, Deserialize)]
pub struct Invoice {
    customer: Option<Expandable>,
    /// Until 2025-03-31.basil; then in `parent`. Null beside the other is common.
    subscription: Option<Expandable>,
    subscription_details: Option<SubscriptionDetails>,
    parent: Option<Parent>,
    #[serde(default)]
    metadata: Metadata,
    /// In the currency's smallest unit.
    amount_paid: Option<i64>,
    #[serde(default, deserialize_with = "null_as_default")]
    lines: List<Line>,
}

#[derive(Debug, Deserialize)]
struct Parent {
    subscription_details: Option<SubscriptionDetails>,
}

#[derive(Debug, Deserialize)]
struct SubscriptionDetails {
    subscription: Option<Expandable>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Debug, Deserialize)]
struct Line {
    #[serde(default)]
    metadata: Metadata,
}

impl Invoice {
    /// The subscription it is for. None: a manual invoice.
    pub fn subscription(&self) -> Option<SubscriptionId> {
        let details = self.parent.as_ref().and_then(|parent| parent.subscription_details.as_ref());
        let id = self.subscription.as_ref().or(details.and_then(|details| details.subscription.as_ref()))?;
        Some(SubscriptionId::from(id.0.as_str()))
    }

    /// More than nothing was paid: one of nothing is paid at once, whatever becomes of the next.
    pub fn has_money(&self) -> bool {
        self.amount_paid.is_some_and(|amount| amount > 0)
    }

    /// Who pays it.
    pub fn customer(&self) -> Option<CustomerId> {
        self.customer.as_ref().map(|id| CustomerId::from(id.0.as_str()))
    }

    /// The organizations that the metadata of its subscription, its own and that of its lines name.
    pub fn orgs(&self) -> Vec<OrgId> {
        let details = self.parent.as_ref().and_then(|parent| parent.subscription_details.as_ref());
        let places = [details, self.subscription_details.as_ref()]
            .into_iter()
            .flatten()
            .map(|details| &details.metadata);
        let mut orgs: Vec<OrgId> = places
            .chain([&self.metadata])
            .chain(self.lines.data.iter().map(|line| &line.metadata))
            .filter_map(org_of)
            .collect();
        orgs.dedup();
        orgs
    }
}
