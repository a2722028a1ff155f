//! What explains an organization's entitlements, as the database has it.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::domain::discount::Terms;
use shared::domain::status::Status;

use super::subscription::Subscription;
use crate::commands::events::EventRow;
use crate::extra::Extra;
use crate::organization::Organization;
use crate::{outcome, when, words};

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
    /// The version of the plan that its subscription bought and keeps. None: the plan as it is.
    pub kept: Option<Kept>,
    /// No subscription explains the plan: it was set by hand.
    pub by_hand: bool,
    /// Its Stripe customers, one for each mode at most.
    pub customers: Vec<Customer>,
    /// The customer portal that its owner may open.
    pub portal: Portal,
    /// Its subscriptions: those of the mode that counts first, then the newest.
    pub subscriptions: Vec<Subscription>,
    /// What its customers pay for other organizations.
    pub elsewhere: Vec<Elsewhere>,
    /// Its last one-time payments, the newest first.
    #[serde(default)]
    pub payments: Vec<Extra>,
    /// Its last charges of which money went back, or that are disputed, the newest first.
    pub charges: Vec<Charge>,
    /// All flags: what is on first.
    pub flags: Vec<Flag>,
    /// The last entries of the audit trail, newest first.
    pub changes: Vec<Change>,
    /// The last events, newest first.
    pub events: Vec<EventRow>,
}

impl Explanation {
    /// The subscription that explains the plan. None: there is none.
    pub fn decisive(&self) -> Option<&Subscription> {
        let id = self.plan.stripe_subscription_id.as_ref()?;
        self.subscriptions.iter().find(|one| one.stripe_subscription_id == *id)
    }
}

/// The plan in force.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Plan {
    /// The plan's code: `pilot`, `pro` or `enterprise`.
    pub plan_code: String,
    /// The subscription that explains it. None: none does.
    pub stripe_subscription_id: Option<String>,
    /// Stripe's status of the subscription that explains it. None: it never had one.
    pub status: Option<Status>,
    /// Why the plan is the free one although there is a subscription: a stable word such as `grace_over`.
    /// None: nothing needs an explanation.
    pub reason: Option<String>,
    /// How often it is paid: `day`, `week`, `month` or `year`.
    pub billing_interval: Option<String>,
    /// It is paid once in so many intervals.
    pub interval_count: Option<i64>,
    /// Three letters, lower case.
    pub currency: Option<String>,
    /// How many times the plan was bought.
    pub quantity: Option<i64>,
    /// What is taken off its price now. None: of one of its discounts that is not known.
    pub discounts: Option<Vec<Terms>>,
    /// Seats that are paid for, or included.
    pub seats: i32,
    /// When the paid period ends.
    pub current_period_end: Option<Timestamp>,
    /// When the subscription ends, if it is canceled.
    pub cancel_at: Option<Timestamp>,
    /// Until when the plan outlasts a failed payment.
    pub grace_ends_at: Option<Timestamp>,
    /// When the trial ends.
    pub trial_ends_at: Option<Timestamp>,
    /// Stripe collects nothing for it for now.
    pub collection_paused: bool,
}

/// What a plan was for those who bought it before a change that was for new ones alone.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Kept {
    /// Which version: 1 is the oldest.
    pub number: i64,
    /// Until when it was sold so.
    pub until: Timestamp,
    /// The flags that it switches on.
    pub features: BTreeMap<String, bool>,
    /// Seats that it includes.
    pub seats: i32,
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (flags, seats) = (self.features.len() as u64, u64::from(self.seats.unsigned_abs()));
        let (flags, seats) = (words::counted(flags, "flag"), words::counted(seats, "seat"));
        write!(f, "{}, as it was sold until {}: {flags}, {seats}", self.number, when::day(self.until))
    }
}

/// A Stripe customer of the organization.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Customer {
    /// Stripe's id, `cus_...`.
    pub stripe_customer_id: String,
    /// Live mode, not test mode.
    pub livemode: bool,
}

/// The customer portal that an owner or admin may open.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Portal {
    /// Stripe's id of the customer whose portal it is. None: there is none yet.
    pub customer: Option<String>,
    /// The organizations that this customer pays for too: their subscriptions would be shown, so it stays
    /// closed. Empty: it opens.
    pub shared_with: Vec<Organization>,
}

/// A subscription of another organization that this one's customer pays.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Elsewhere {
    /// Stripe's id, `sub_...`.
    pub stripe_subscription_id: String,
    /// The customer who pays.
    pub stripe_customer_id: String,
    /// Stripe's status.
    pub status: Status,
    /// Whom it is for.
    pub organization: Organization,
}

/// A charge of which money went back, or that is disputed.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Charge {
    /// Stripe's id, `ch_...`.
    pub stripe_charge_id: String,
    /// Stripe's id of the payment that it belongs to.
    pub stripe_payment_intent_id: Option<String>,
    /// Live mode, not test mode.
    pub livemode: bool,
    /// In the currency's smallest unit. None: no event said so.
    pub amount_cents: Option<i64>,
    /// How much of it went back.
    pub refunded_cents: i64,
    /// Three letters, lower case.
    pub currency: Option<String>,
    /// Stripe's status of its dispute. None: it is not disputed.
    pub dispute_status: Option<String>,
    /// When we last wrote it.
    pub updated_at: Timestamp,
}

impl Charge {
    /// Nobody has decided about its dispute yet.
    pub fn is_disputed(&self) -> bool {
        const OVER: [&str; 4] = ["won", "lost", "warning_closed", "prevented"];
        self.dispute_status.as_deref().is_some_and(|status| !OVER.contains(&status))
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
    /// The checkout session or subscription that paid for an add-on. None: it is no add-on.
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
