//! Checkout sessions: read from events, and from the API when another one is about to be made.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use super::{Expandable, Metadata, org_of, words};
use crate::domain::ids::{CheckoutSessionId, CustomerId, OrgId, SubscriptionId};
use crate::domain::payment::{Payment, PaymentStatus};

/// A checkout session as Stripe sends it.
#[derive(Clone, Debug, Deserialize)]
pub struct CheckoutSession {
    /// Stripe's id, `cs_...`.
    #[serde(deserialize_with = "id")]
    pub id: CheckoutSessionId,
    /// Where the customer pays. None once it is over.
    pub url: Option<String>,
    /// Where it leads after the payment. None: it stays on Stripe's page.
    pub success_url: Option<String>,
    /// Where its link back leads. None: it has none.
    pub cancel_url: Option<String>,
    /// `subscription`, `payment` or `setup`.
    pub mode: Option<String>,
    /// `open`, `complete` or `expired`. Absent before 2021.
    status: Option<String>,
    /// When it was made, Unix seconds. Absent before 2022.
    #[serde(default)]
    pub created: i64,
    /// Set by whoever made it.
    #[serde(default)]
    pub metadata: Metadata,
    #[serde(default)]
    livemode: bool,
    client_reference_id: Option<String>,
    customer: Option<Expandable>,
    subscription: Option<Expandable>,
    payment_intent: Option<Expandable>,
    payment_status: Option<String>,
    amount_total: Option<i64>,
    currency: Option<String>,
}

impl CheckoutSession {
    /// The organization that its metadata names, which only the account can write.
    pub fn org(&self) -> Option<OrgId> {
        org_of(&self.metadata)
    }

    /// The organization that its reference names, which a visitor of a payment link may have typed.
    pub fn reference(&self) -> Option<OrgId> {
        self.client_reference_id.as_deref().and_then(|id| id.trim().parse().ok())
    }

    /// Whether somebody went through with it. The payment may still be on its way.
    pub fn is_complete(&self) -> bool {
        self.status.as_deref() == Some("complete")
    }

    /// Who pays.
    pub fn customer(&self) -> Option<CustomerId> {
        self.customer.as_ref().map(|id| CustomerId::from(id.0.as_str()))
    }

    /// What was subscribed to.
    pub fn subscription(&self) -> Option<SubscriptionId> {
        self.subscription.as_ref().map(|id| SubscriptionId::from(id.0.as_str()))
    }

    /// The one-time payment it is for. `failed`: the event says that a delayed method failed.
    ///
    /// `metadata.addon_flags` (comma-separated) names what it grants, `metadata.addon_days` for how long
    /// after `paid_at`.
    pub fn payment(&self, failed: bool, paid_at: Timestamp) -> Payment {
        let status = match self.payment_status.as_deref() {
            Some("paid") => PaymentStatus::Paid,
            Some("no_payment_required") => PaymentStatus::NoPaymentRequired,
            _ if failed => PaymentStatus::Failed,
            _ => PaymentStatus::Unpaid,
        };
        Payment {
            session: self.id.clone(),
            payment_intent: self.payment_intent.as_ref().map(|id| id.0.clone()),
            livemode: self.livemode,
            amount_cents: self.amount_total,
            currency: self.currency.clone(),
            status,
            addon_flags: self.metadata.get("addon_flags").map(words).unwrap_or_default(),
            addon_days: self.metadata.get("addon_days").map(|days| days.trim().to_owned()),
            paid_at,
        }
    }
}

// Stripe's id types read themselves only with a feature that brings its own parser.
fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<CheckoutSessionId, D::Error> {
    String::deserialize(deserializer).map(CheckoutSessionId::from)
}
