//! Charges of which money went back, and their disputes.

use serde::Deserialize;

use super::{Expandable, Metadata, null_as_default, org_of};
use crate::domain::ids::{CustomerId, OrgId};
use crate::domain::payment;

/// A charge as Stripe sends it.
#[derive(Debug, Deserialize)]
pub struct Charge {
    id: String,
    #[serde(default, deserialize_with = "null_as_default")]
    livemode: bool,
    payment_intent: Option<Expandable>,
    customer: Option<Expandable>,
    amount: Option<i64>,
    amount_refunded: Option<i64>,
    currency: Option<String>,
    #[serde(default)]
    metadata: Metadata,
}

impl Charge {
    /// The organization that its metadata names, which is its payment intent's.
    pub fn org(&self) -> Option<OrgId> {
        org_of(&self.metadata)
    }
}

impl From<Charge> for payment::Charge {
    fn from(wire: Charge) -> Self {
        Self {
            id: wire.id,
            payment_intent: wire.payment_intent.map(|id| id.0),
            customer: wire.customer.map(|id| CustomerId::from(id.0)),
            livemode: wire.livemode,
            amount_cents: wire.amount,
            refunded_cents: wire.amount_refunded,
            currency: wire.currency,
            dispute_status: None,
        }
    }
}

/// A dispute as Stripe sends it. Its amount is what is disputed, and not the charge's.
#[derive(Debug, Deserialize)]
pub struct Dispute {
    charge: Expandable,
    #[serde(default, deserialize_with = "null_as_default")]
    livemode: bool,
    payment_intent: Option<Expandable>,
    currency: Option<String>,
    status: String,
}

impl From<Dispute> for payment::Charge {
    fn from(wire: Dispute) -> Self {
        Self {
            id: wire.charge.0,
            payment_intent: wire.payment_intent.map(|id| id.0),
            customer: None,
            livemode: wire.livemode,
            amount_cents: None,
            refunded_cents: None,
            currency: wire.currency,
            dispute_status: Some(wire.status),
        }
    }
}

/// A refund as Stripe sends it, of which only the charge matters: its state is read there.
#[derive(Debug, Deserialize)]
pub struct Refund {
    charge: Option<Expandable>,
    status: Option<String>,
}

impl Refund {
    /// Stripe's id of the charge whose money did not go back after all. None: it did, or may still.
    pub fn failed_charge(self) -> Option<String> {
        let failed = matches!(self.status.as_deref(), Some("failed" | "canceled"));
        self.charge.filter(|_| failed).map(|id| id.0)
    }
}
