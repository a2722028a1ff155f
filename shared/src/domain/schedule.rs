//! A change of a subscription that waits for the end of the paid period.

use jiff::Timestamp;

use crate::domain::subscription::Item;

/// A subscription's schedule.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// Stripe's id, `sub_sched_...`.
    pub id: String,
    /// What is planned. None: it was only named, and Stripe was not asked yet.
    pub planned: Option<Planned>,
}

/// What a schedule has ahead.
#[derive(Clone, Debug, PartialEq)]
pub enum Planned {
    /// What the subscription becomes next.
    Next {
        /// When.
        at: Timestamp,
        /// What is paid for then.
        items: Vec<Item>,
    },
    /// It stays as it is.
    Nothing,
}

/// What an organization is told of it.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
pub struct ScheduledChange {
    /// The plan that it changes to.
    pub plan_code: String,
    /// How often it is paid then. None: Stripe did not say.
    pub interval: Option<String>,
    /// All seats that it pays for then.
    pub seats: i32,
    /// When.
    pub at: Timestamp,
}
