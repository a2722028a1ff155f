//! What a caller is told of an organization's entitlements, by every route that tells it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::entitlement::EntitlementSet;
use crate::domain::feature::Feature;
use crate::domain::ids::OrgId;

/// The answer.
#[derive(Serialize)]
pub struct Stamped {
    success: bool,
    #[serde(flatten)]
    entitlements: Entitlements,
    timestamp: Timestamp,
}

impl Stamped {
    /// The answer as of now.
    pub fn new(entitlements: Entitlements, now: Timestamp) -> Self {
        Self { success: true, entitlements, timestamp: now }
    }
}

/// All of the answer but its time.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entitlements {
    org_id: OrgId,
    plan_code: String,
    /// Stripe's status, or `none` where there never was a subscription.
    status: String,
    seats: i32,
    current_period_end: Option<Timestamp>,
    cancel_at: Option<Timestamp>,
    /// While a payment has failed: how long the plan stays on.
    grace_ends_at: Option<Timestamp>,
    entitlements: BTreeMap<&'static str, bool>,
}

impl From<EntitlementSet> for Entitlements {
    fn from(set: EntitlementSet) -> Self {
        Self {
            org_id: set.org,
            plan_code: set.plan_code,
            status: set.status.unwrap_or_else(|| "none".to_owned()),
            seats: set.seats,
            current_period_end: set.current_period_end,
            cancel_at: set.cancel_at,
            grace_ends_at: set.grace_ends_at,
            entitlements: Feature::ALL
                .iter()
                .map(|feature| {
                    (feature.as_str(), set.features.get(feature.as_str()).copied().unwrap_or(false))
                })
                .collect(),
        }
    }
}
