//! One-time payments, and the add-ons they grant.

use jiff::Timestamp;

use crate::domain::feature::Feature;
use crate::domain::ids::CheckoutSessionId;

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
    /// Live mode, not test mode; said by Stripe.
    pub livemode: bool,
    /// The total in the currency's smallest unit. None: Stripe did not say.
    pub amount_cents: Option<i64>,
    /// ISO 4217, lower case. None: Stripe did not say.
    pub currency: Option<String>,
    /// How far it has come.
    pub status: PaymentStatus,
    /// What it grants once it is paid.
    pub addons: Vec<Feature>,
    /// When the add-ons end. None: they do not.
    pub addons_expire_at: Option<Timestamp>,
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
