//! What a subscription's status means. `billing_private.is_ended`, `is_live` and `is_granting` say the same
//! in SQL, and a test holds the two together.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Stripe's status of a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Status {
    /// Paid.
    Active,
    /// Not to be paid yet.
    Trialing,
    /// A renewal's payment failed, and Stripe tries again.
    PastDue,
    /// Over, for good.
    Canceled,
    /// The first payment is open or on its way: it is made, or the subscription ends.
    Incomplete,
    /// The first payment was not made in time: over, for good.
    IncompleteExpired,
    /// Stripe has given up on a renewal's payment.
    Unpaid,
    /// Somebody paused it, or a failed payment did; or its trial ended without a payment method.
    Paused,
    /// One that Stripe added later: it is kept, and grants nothing.
    Other(String),
}

impl Status {
    /// Every status that Stripe's documentation names ("How subscriptions work").
    pub const KNOWN: [Self; 8] = [
        Self::Active,
        Self::Trialing,
        Self::PastDue,
        Self::Canceled,
        Self::Incomplete,
        Self::IncompleteExpired,
        Self::Unpaid,
        Self::Paused,
    ];

    /// Stripe's word for it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Active => "active",
            Self::Trialing => "trialing",
            Self::PastDue => "past_due",
            Self::Canceled => "canceled",
            Self::Incomplete => "incomplete",
            Self::IncompleteExpired => "incomplete_expired",
            Self::Unpaid => "unpaid",
            Self::Paused => "paused",
            Self::Other(word) => word,
        }
    }

    /// Whether this code knows what it means.
    pub fn is_known(&self) -> bool {
        !matches!(self, Self::Other(_))
    }

    /// Whether it is final: Stripe never revives such a subscription.
    pub fn is_ended(&self) -> bool {
        matches!(self, Self::Canceled | Self::IncompleteExpired)
    }

    /// Whether it is charged. An incomplete one is not, as it ends by itself; nor is a paused one, but it may
    /// be taken up again: see [`Snapshot::binds`](crate::domain::subscription::Snapshot::binds).
    pub fn is_live(&self) -> bool {
        !self.is_ended() && !matches!(self, Self::Incomplete | Self::Paused)
    }

    /// Whether it grants its plan, as far as the status alone decides: a past_due one does until its grace
    /// period ends, and one whose collection is paused as `void` does not.
    pub fn is_granting(&self) -> bool {
        matches!(self, Self::Active | Self::Trialing | Self::PastDue)
    }
}

impl From<String> for Status {
    fn from(word: String) -> Self {
        let known = Self::KNOWN.into_iter().find(|status| status.as_str() == word);
        known.unwrap_or(Self::Other(word))
    }
}

impl From<Status> for String {
    fn from(status: Status) -> Self {
        match status {
            Status::Other(word) => word,
            known => known.as_str().to_owned(),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
