//! What the functions in SQL that apply Stripe's states are given: JSON, of one type for each argument. Each
//! function reads its argument once, at its top; a test names a field that only one side knows.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tokio_postgres::types::Json;

use crate::db::Error;
use crate::domain::payment::Payment;
use crate::domain::plan::PlanCode;
use crate::domain::status::Status;
use crate::domain::subscription::{Plan, Snapshot};

/// A row of `subscriptions`, but for the columns that the database decides; and `plan_unknown`.
#[derive(Debug, Serialize)]
#[allow(missing_docs)] // The database describes its columns.
pub struct SnapshotRow<'a> {
    pub stripe_subscription_id: &'a str,
    pub livemode: bool,
    pub stripe_customer_id: &'a str,
    pub status: &'a Status,
    pub pause_behavior: Option<&'a str>,
    pub plan_code: PlanCode,
    /// Nothing says which plan it is: `plan_code` is what it counts as.
    pub plan_unknown: bool,
    pub price_id: Option<&'a str>,
    pub billing_interval: Option<&'a str>,
    pub quantity: i32,
    pub current_period_start: Option<Timestamp>,
    pub current_period_end: Option<Timestamp>,
    pub cancel_at_period_end: bool,
    pub cancel_at: Option<Timestamp>,
    pub trial_end: Option<Timestamp>,
    pub stripe_created_at: Timestamp,
}

impl<'a> From<&'a Snapshot> for SnapshotRow<'a> {
    fn from(snapshot: &'a Snapshot) -> Self {
        Self {
            stripe_subscription_id: snapshot.id.as_str(),
            livemode: snapshot.livemode,
            stripe_customer_id: snapshot.customer.as_str(),
            status: &snapshot.status,
            pause_behavior: snapshot.pause_behavior.as_deref(),
            plan_code: snapshot.plan.code(),
            plan_unknown: snapshot.plan == Plan::Unknown,
            price_id: snapshot.item.price.as_deref(),
            billing_interval: snapshot.item.interval.as_deref(),
            quantity: snapshot.item.quantity.unwrap_or(1),
            current_period_start: snapshot.period.map(|(start, _)| start),
            current_period_end: snapshot.period.map(|(_, end)| end),
            cancel_at_period_end: snapshot.cancel_at_period_end,
            cancel_at: snapshot.cancel_at,
            trial_end: snapshot.trial_end,
            stripe_created_at: snapshot.created,
        }
    }
}

/// A row of `payments`, but for the columns that the database decides.
#[derive(Debug, Serialize)]
#[allow(missing_docs)] // The database describes its columns.
pub struct PaymentRow<'a> {
    pub stripe_checkout_session_id: &'a str,
    pub livemode: bool,
    pub amount_cents: Option<i64>,
    pub currency: Option<&'a str>,
    pub payment_status: &'static str,
    pub addon_features: Vec<&'static str>,
    pub addon_expires_at: Option<Timestamp>,
}

impl<'a> From<&'a Payment> for PaymentRow<'a> {
    fn from(payment: &'a Payment) -> Self {
        Self {
            stripe_checkout_session_id: payment.session.as_str(),
            livemode: payment.livemode,
            amount_cents: payment.amount_cents,
            currency: payment.currency.as_deref(),
            payment_status: payment.status.as_str(),
            addon_features: payment.addons.iter().map(|feature| feature.as_str()).collect(),
            addon_expires_at: payment.addons_expire_at,
        }
    }
}

/// An argument as the database takes it.
///
/// # Errors
/// If it is no JSON, which none of ours can be.
pub fn json(argument: &impl Serialize) -> Result<Json<Value>, Error> {
    let value =
        serde_json::to_value(argument).map_err(|error| Error::Answer(format!("an argument: {error}")))?;
    Ok(Json(without_nul(value)))
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
