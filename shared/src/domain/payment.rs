//! One-time payments, the add-ons they grant, and money that goes back.

use jiff::Timestamp;

use crate::domain::ids::{CheckoutSessionId, CustomerId};

/// How far a payment has come. Only ever forwards: a paid one stays paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentStatus {
    /// A delayed method, not settled yet.
    Unpaid,
    /// A delayed method that failed.
    Failed,
    /// Nothing was due: it counts as paid.
    NoPaymentRequired,
    /// The money has arrived.
    Paid,
}

/// A checkout session of mode `payment`.
#[derive(Clone, Debug)]
pub struct Payment {
    /// Stripe's id of the checkout session, `cs_...`.
    pub session: CheckoutSessionId,
    /// Stripe's id of the payment intent, `pi_...`: what a refund names. None: nothing was due.
    pub payment_intent: Option<String>,
    /// Live mode, not test mode; said by Stripe.
    pub livemode: bool,
    /// The total in the currency's smallest unit. None: Stripe did not say.
    pub amount_cents: Option<i64>,
    /// ISO 4217, lower case. None: Stripe did not say.
    pub currency: Option<String>,
    /// How far it has come.
    pub status: PaymentStatus,
    /// `metadata.addon_flags`, at the commas: what it grants once it is paid, as far as there are such flags.
    pub addon_flags: Vec<String>,
    /// `metadata.addon_days`: for how long. None: for good.
    pub addon_days: Option<String>,
    /// When the days begin.
    pub paid_at: Timestamp,
}

/// What an event says of a charge: how much of it went back, or how its dispute stands.
#[derive(Clone, Debug)]
pub struct Charge {
    /// Stripe's id, `ch_...` (`py_...` of some methods).
    pub id: String,
    /// Stripe's id of its payment intent, `pi_...`. None: Stripe did not say.
    pub payment_intent: Option<String>,
    /// Who paid. None: Stripe did not say.
    pub customer: Option<CustomerId>,
    /// Live mode, not test mode; said by Stripe.
    pub livemode: bool,
    /// The whole charge in the currency's smallest unit. None: the event does not say.
    pub amount_cents: Option<i64>,
    /// What went back of it. None: the event does not say.
    pub refunded_cents: Option<i64>,
    /// ISO 4217, lower case. None: Stripe did not say.
    pub currency: Option<String>,
    /// Stripe's status of its dispute, such as `needs_response`, `won` or `lost`. None: the event does not
    /// say.
    pub dispute_status: Option<String>,
}

impl PaymentStatus {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unpaid => "unpaid",
            Self::Failed => "failed",
            Self::NoPaymentRequired => "no_payment_required",
            Self::Paid => "paid",
        }
    }
}
