//! What an organization has now.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::discount::Terms;
use crate::domain::ids::OrgId;
use crate::domain::schedule::ScheduledChange;
use crate::domain::status::Status;

/// An organization's plan and feature flags at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct EntitlementSet {
    /// The organization that has them.
    pub org: OrgId,
    /// The plan in force.
    pub plan_code: String,
    /// Stripe's status of the subscription that explains the plan. None: there never was one.
    pub status: Option<Status>,
    /// Why the organization has no more than everybody, although there is a subscription: a stable word.
    /// None: nothing needs an explanation.
    pub reason: Option<String>,
    /// How often that subscription is paid: `day`, `week`, `month` or `year`. None: there is none.
    pub interval: Option<String>,
    /// It is paid once in so many intervals. None: there is none, or Stripe did not say.
    pub interval_count: Option<i32>,
    /// What is taken off its price, in Stripe's order. None: of one of its discounts that is not known.
    pub discounts: Option<Vec<Terms>>,
    /// Seats that are paid for, or included.
    pub seats: i32,
    /// Members, each of whom takes a seat.
    pub seats_used: i32,
    /// When the paid period ends.
    pub current_period_end: Option<Timestamp>,
    /// When the subscription ends, if it is canceled.
    pub cancel_at: Option<Timestamp>,
    /// What the subscription changes to at the end of the period. None: nothing, or it is not known.
    pub scheduled: Option<ScheduledChange>,
    /// Until when the plan outlasts a failed payment.
    pub grace_ends_at: Option<Timestamp>,
    /// When the trial ends, while there is one.
    pub trial_ends_at: Option<Timestamp>,
    /// Stripe collects nothing for the subscription for now.
    pub collection_paused: bool,
    /// Whether the user who asked may change billing.
    pub can_manage_billing: bool,
    /// Every flag, on or off.
    pub features: BTreeMap<String, bool>,
}
