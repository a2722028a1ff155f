//! What the functions in SQL that apply Stripe's states are given: JSON, of one type for each argument. Each
//! function reads its argument once, at its top; a test names a field that only one side knows.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use tokio_postgres::types::Json;

use crate::db::Error;
use crate::domain::discount::Discount;
use crate::domain::ids::CustomerId;
use crate::domain::payment::{Charge, Payment};
use crate::domain::schedule::{Planned, Schedule};
use crate::domain::status::Status;
use crate::domain::subscription::{Item, Snapshot};

/// A row of `subscriptions`, but for the columns that the database decides; what it decides the plan by:
/// `items` and `metadata_plan_code`.
#[derive(Debug, Serialize)]
#[allow(missing_docs)] // The database describes its columns.
pub struct SnapshotRow<'a> {
    pub stripe_subscription_id: &'a str,
    pub livemode: bool,
    pub stripe_customer_id: Option<&'a str>,
    pub status: &'a Status,
    pub pause_behavior: Option<&'a str>,
    pub items: Vec<ItemRow<'a>>,
    pub metadata_plan_code: Option<&'a str>,
    pub current_period_start: Option<Timestamp>,
    pub current_period_end: Option<Timestamp>,
    pub cancel_at_period_end: bool,
    pub cancel_at: Option<Timestamp>,
    pub trial_end: Option<Timestamp>,
    pub test_clock: Option<&'a str>,
    pub discounts: &'a [Discount],
    pub schedule: Option<ScheduleRow<'a>>,
    pub stripe_created_at: Timestamp,
}

/// A schedule, as `billing_private.with_next` reads it. No `next`: it was only named. Null: nothing changes.
#[derive(Debug, Serialize)]
#[allow(missing_docs)] // As in `domain::schedule`.
pub struct ScheduleRow<'a> {
    pub id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Option<NextRow<'a>>>,
}

/// What a schedule has ahead.
#[derive(Debug, Serialize)]
#[allow(missing_docs)] // As in `domain::schedule`.
pub struct NextRow<'a> {
    pub at: Timestamp,
    pub items: Vec<ItemRow<'a>>,
}

impl<'a> From<&'a Schedule> for ScheduleRow<'a> {
    fn from(schedule: &'a Schedule) -> Self {
        let next = schedule.planned.as_ref().map(|planned| match planned {
            Planned::Next { at, items } => {
                Some(NextRow { at: *at, items: items.iter().map(ItemRow::from).collect() })
            }
            Planned::Nothing => None,
        });
        Self { id: &schedule.id, next }
    }
}

/// One of the items of [`SnapshotRow`], as `billing_private.snapshot_row` reads it.
#[derive(Debug, Serialize)]
#[allow(missing_docs)] // As in `domain::subscription::Item`.
pub struct ItemRow<'a> {
    pub price: Option<&'a str>,
    pub lookup_key: Option<&'a str>,
    pub plan_code: Option<&'a str>,
    pub quantity: Option<i32>,
    pub seats: Option<i32>,
    pub flags: Option<&'a [String]>,
    pub unreadable: Option<&'static str>,
    pub interval: Option<&'a str>,
    pub interval_count: Option<i32>,
    pub currency: Option<&'a str>,
    /// Only where the items' periods end at different times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period_end: Option<Timestamp>,
}

impl<'a> From<&'a Snapshot> for SnapshotRow<'a> {
    fn from(snapshot: &'a Snapshot) -> Self {
        let mut ends = snapshot.items.iter().map(|item| item.period.map(|(_, end)| end));
        let first = ends.next().flatten();
        let is_mixed = ends.any(|end| end != first);
        let item = |item: &'a Item| {
            let period_end = item.period.filter(|_| is_mixed).map(|(_, end)| end);
            ItemRow { period_end, ..ItemRow::from(item) }
        };
        Self {
            stripe_subscription_id: snapshot.id.as_str(),
            livemode: snapshot.livemode,
            stripe_customer_id: snapshot.customer.as_ref().map(CustomerId::as_str),
            status: &snapshot.status,
            pause_behavior: snapshot.pause_behavior.as_deref(),
            items: snapshot.items.iter().map(item).collect(),
            metadata_plan_code: snapshot.metadata_plan.as_deref(),
            current_period_start: snapshot.period.map(|(start, _)| start),
            current_period_end: snapshot.period.map(|(_, end)| end),
            cancel_at_period_end: snapshot.cancel_at_period_end,
            cancel_at: snapshot.cancel_at,
            trial_end: snapshot.trial_end,
            test_clock: snapshot.test_clock.as_deref(),
            discounts: &snapshot.discounts,
            schedule: snapshot.schedule.as_ref().map(ScheduleRow::from),
            stripe_created_at: snapshot.created,
        }
    }
}

impl<'a> From<&'a Item> for ItemRow<'a> {
    fn from(item: &'a Item) -> Self {
        Self {
            price: item.price.as_deref(),
            lookup_key: item.lookup_key.as_deref(),
            plan_code: item.plan_code.as_deref(),
            quantity: item.quantity,
            seats: item.seats,
            flags: item.flags.as_deref(),
            unreadable: item.unreadable,
            interval: item.interval.as_deref(),
            interval_count: item.interval_count,
            currency: item.currency.as_deref(),
            period_end: None,
        }
    }
}

/// A row of `payments`, but for the columns that the database decides; what it decides the add-ons by:
/// `addon_flags`, `addon_days` and `paid_at` (Unix seconds).
#[derive(Debug, Serialize)]
#[allow(missing_docs)] // The database describes its columns.
pub struct PaymentRow<'a> {
    pub stripe_checkout_session_id: &'a str,
    pub stripe_payment_intent_id: Option<&'a str>,
    pub livemode: bool,
    pub amount_cents: Option<i64>,
    pub currency: Option<&'a str>,
    pub payment_status: &'static str,
    pub addon_flags: &'a [String],
    pub addon_days: Option<&'a str>,
    pub paid_at: i64,
}

impl<'a> From<&'a Payment> for PaymentRow<'a> {
    fn from(payment: &'a Payment) -> Self {
        Self {
            stripe_checkout_session_id: payment.session.as_str(),
            stripe_payment_intent_id: payment.payment_intent.as_deref(),
            livemode: payment.livemode,
            amount_cents: payment.amount_cents,
            currency: payment.currency.as_deref(),
            payment_status: payment.status.as_str(),
            addon_flags: &payment.addon_flags,
            addon_days: payment.addon_days.as_deref(),
            paid_at: payment.paid_at.as_second(),
        }
    }
}

/// A row of `charges`, as far as an event says it.
#[derive(Debug, Serialize)]
#[allow(missing_docs)] // The database describes its columns.
pub struct ChargeRow<'a> {
    pub stripe_charge_id: &'a str,
    pub stripe_payment_intent_id: Option<&'a str>,
    pub stripe_customer_id: Option<&'a str>,
    pub livemode: bool,
    pub amount_cents: Option<i64>,
    pub refunded_cents: Option<i64>,
    pub currency: Option<&'a str>,
    pub dispute_status: Option<&'a str>,
}

impl<'a> From<&'a Charge> for ChargeRow<'a> {
    fn from(charge: &'a Charge) -> Self {
        Self {
            stripe_charge_id: &charge.id,
            stripe_payment_intent_id: charge.payment_intent.as_deref(),
            stripe_customer_id: charge.customer.as_ref().map(CustomerId::as_str),
            livemode: charge.livemode,
            amount_cents: charge.amount_cents,
            refunded_cents: charge.refunded_cents,
            currency: charge.currency.as_deref(),
            dispute_status: charge.dispute_status.as_deref(),
        }
    }
}

/// An argument as the database takes it.
///
/// # Errors
/// If it is no JSON, which none of ours can be.
pub fn json(argument: &impl Serialize) -> Result<Json<Box<RawValue>>, Error> {
    let unwritable = |error| Error::Answer(format!("an argument: {error}"));
    let text = to_raw_value(argument).map_err(unwritable)?;
    // As JSON writes it. Whoever wrote these very characters is looked at, too, and keeps them.
    if !text.get().contains("\\u0000") {
        return Ok(Json(text));
    }
    let value = serde_json::to_value(argument).map_err(unwritable)?;
    to_raw_value(&without_nul(value)).map(Json).map_err(unwritable)
}

/// PostgreSQL's text holds every character but NUL, and an event with one would fail for ever.
fn without_nul(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace('\0', "")),
        Value::Array(values) => values.into_iter().map(without_nul).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, without_nul(value))).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nul_goes_and_what_only_looks_like_it_stays() {
        for (given, expected) in [("a\0b", r#"{"x":["ab"]}"#), (r"a\u0000", r#"{"x":["a\\u0000"]}"#)] {
            assert_eq!(json(&json!({ "x": [given] })).unwrap().0.get(), expected);
        }
    }
}
