//! What explains an organization's entitlements, as the database has it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::domain::status::Status;

use crate::commands::events::EventRow;
use crate::organization::Organization;
use crate::outcome;

/// Everything that explains it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Explanation {
    /// All of it in a sentence.
    #[serde(default)]
    pub sentence: String,
    /// The organization that is explained.
    pub organization: Organization,
    /// The mode whose payments count.
    pub livemode: bool,
    /// The plan in force.
    pub plan: Plan,
    /// No subscription explains the plan: it was set by hand.
    pub by_hand: bool,
    /// Its Stripe customers, one for each mode at most.
    pub customers: Vec<Customer>,
    /// Its subscriptions: those of the mode that counts first, then the newest.
    pub subscriptions: Vec<Subscription>,
    /// All flags: what is on first.
    pub flags: Vec<Flag>,
    /// The last entries of the audit trail, newest first.
    pub changes: Vec<Change>,
    /// The last events, newest first.
    pub events: Vec<EventRow>,
}

/// The plan in force.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Plan {
    /// The plan's code: `pilot`, `pro` or `enterprise`.
    pub plan_code: String,
    /// Stripe's status of the subscription that explains it. None: it never had one.
    pub status: Option<Status>,
    /// Seats that are paid for, or included.
    pub seats: i32,
    /// When the paid period ends.
    pub current_period_end: Option<Timestamp>,
    /// When the subscription ends, if it is cancelled.
    pub cancel_at: Option<Timestamp>,
    /// Until when the plan outlasts a failed payment.
    pub grace_ends_at: Option<Timestamp>,
}

/// A Stripe customer of the organization.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Customer {
    /// Stripe's id, `cus_...`.
    pub stripe_customer_id: String,
    /// Live mode, not test mode.
    pub livemode: bool,
}

/// A row of `billing.subscriptions`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Subscription {
    /// Stripe's id, `sub_...`.
    pub stripe_subscription_id: String,
    /// Stripe's id of who pays.
    pub stripe_customer_id: String,
    /// Live mode, not test mode.
    pub livemode: bool,
    /// It is of the mode whose payments count.
    pub counts: bool,
    /// Stripe's status, such as `active` or `past_due`.
    pub status: Status,
    /// `pause_collection.behavior`; `void` grants nothing.
    pub pause_behavior: Option<String>,
    /// What it is for.
    pub plan_code: String,
    /// How often it is paid.
    pub billing_interval: Option<String>,
    /// How many times the plan was bought.
    pub quantity: i32,
    /// When the paid period ends.
    pub current_period_end: Option<Timestamp>,
    /// It ends with the period.
    pub cancel_at_period_end: bool,
    /// When it ends, if it is cancelled.
    pub cancel_at: Option<Timestamp>,
    /// When its trial ends or ended.
    pub trial_end: Option<Timestamp>,
    /// Since when a payment is open.
    pub past_due_since: Option<Timestamp>,
    /// Until when it grants its plan nevertheless.
    pub grace_until: Option<Timestamp>,
    /// When Stripe made it.
    pub stripe_created_at: Timestamp,
    /// When we last wrote it.
    pub updated_at: Timestamp,
    /// When we learned that it ended.
    pub ended_at: Option<Timestamp>,
}

impl Subscription {
    /// It grants its plan.
    pub fn grants(&self, now: Timestamp) -> bool {
        self.counts
            && self.pause_behavior.as_deref() != Some("void")
            && self.status.is_granting()
            && (self.status != Status::PastDue || self.grace_until.is_some_and(|until| until > now))
    }
}

/// A flag, and what decides it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Flag {
    /// The flag's name.
    pub feature: String,
    /// Whether the flag is on.
    pub enabled: bool,
    /// `plan`, `addon`, `trial` or `override`.
    pub source: String,
    /// Until when it is so. None: no end is known.
    pub expires_at: Option<Timestamp>,
    /// The plan that switches it on. None: no row does, so that it is as everybody has it.
    pub plan_code: Option<String>,
    /// The checkout session that paid for an add-on. None: it is no add-on.
    pub source_id: Option<String>,
    /// Who overrode it. None: nobody did.
    pub by_whom: Option<String>,
    /// Why it was overridden. None: it was not.
    pub reason: Option<String>,
}

/// An entry of the audit trail.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Change {
    /// The kind of change, such as `plan_changed`.
    pub kind: String,
    /// From what to what, by which cause, and what else belongs to the kind.
    pub telemetry: Value,
    /// When it was written, with its cause.
    pub created_at: Timestamp,
}

impl Change {
    /// A text of the telemetry.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.telemetry.get(name)?.as_str()
    }
}

impl outcome::Report for Explanation {}
