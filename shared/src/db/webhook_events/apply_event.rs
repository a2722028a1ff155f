//! An event and what it does, as the database's function is told.

use serde::Serialize;

use super::{Effect, EventOutcome, EventRef, EventToApply};
use crate::db::argument::{ChargeRow, PaymentRow, SnapshotRow};
use crate::domain::ids::{CustomerId, OrgId};
use crate::domain::ordering::ReadTimes;

/// The argument of `pf_apply_event`, which says what each field is.
#[derive(Debug, Serialize)]
#[allow(missing_docs)] // The function's file says it.
pub struct ApplyEvent<'a> {
    #[serde(flatten)]
    pub event: &'a EventRef,
    pub org_ids: &'a [OrgId],
    pub reference: Option<OrgId>,
    pub customer: Option<&'a str>,
    pub subscription: Option<&'a str>,
    pub payment_intent: Option<&'a str>,
    pub snapshot: Option<SnapshotRow<'a>>,
    pub carried: Option<SnapshotRow<'a>>,
    pub thin: bool,
    pub open_discounts: bool,
    pub paid: bool,
    #[serde(flatten)]
    pub read: Option<ReadTimes>,
    pub payment: Option<PaymentRow<'a>>,
    pub charge: Option<ChargeRow<'a>>,
    pub test_clock: Option<&'a str>,
    pub frozen_at: Option<i64>,
    pub verdict: Option<EventOutcome>,
    pub grace_days: i32,
    pub foreign_acknowledged: bool,
    pub elapsed_ms: i64,
}

impl<'a> From<&'a EventToApply> for ApplyEvent<'a> {
    fn from(to_apply: &'a EventToApply) -> Self {
        let mut argument = Self {
            event: &to_apply.event,
            org_ids: &to_apply.orgs,
            reference: to_apply.reference,
            customer: to_apply.customer.as_ref().map(CustomerId::as_str),
            subscription: None,
            payment_intent: None,
            snapshot: None,
            carried: to_apply.carried.as_deref().map(SnapshotRow::from),
            thin: to_apply.thin,
            open_discounts: false,
            paid: to_apply.paid,
            read: to_apply.read,
            payment: None,
            charge: None,
            test_clock: None,
            frozen_at: None,
            verdict: to_apply.void.then_some(EventOutcome::Ignored),
            grace_days: to_apply.grace_days,
            foreign_acknowledged: to_apply.foreign_acknowledged,
            elapsed_ms: to_apply.elapsed_ms,
        };
        match &to_apply.effect {
            Effect::Snapshot(snapshot) => {
                argument.subscription = Some(snapshot.id.as_str());
                argument.snapshot = Some(SnapshotRow::from(&**snapshot));
                argument.open_discounts = !to_apply.discounts_unread && snapshot.is_open();
            }
            Effect::Named(id) => argument.subscription = Some(id.as_str()),
            Effect::Payment(payment) => {
                argument.payment_intent = payment.payment_intent.as_deref();
                argument.payment = Some(PaymentRow::from(payment));
            }
            Effect::Charge(charge) => {
                argument.payment_intent = charge.payment_intent.as_deref();
                argument.charge = Some(ChargeRow::from(charge));
            }
            // Read before it is applied.
            Effect::NamedCharge(_) => {}
            Effect::TestClock { id, frozen_at } => {
                argument.test_clock = Some(id);
                argument.frozen_at = Some(*frozen_at);
            }
        }
        argument
    }
}
