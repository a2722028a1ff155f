//! Applying Stripe events: one call, one commit (`pf_apply_event` in SQL).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio_postgres::types::{Json, Type};

use crate::db::{Db, Error};
use crate::domain::ids::{CustomerId, OrgId, SubscriptionId};
use crate::domain::ordering::Read;
use crate::domain::payment::Payment;
use crate::domain::subscription::{Plan, Snapshot};

/// What identifies an event and places it in time.
#[derive(Clone, Debug, Serialize)]
pub struct EventRef {
    /// Stripe's id of the event, `evt_...`.
    pub id: String,
    /// Stripe's type, such as `invoice.paid`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Unix seconds on Stripe's clock.
    pub created: i64,
    /// Live mode, not test mode; said by Stripe.
    pub livemode: bool,
    /// The API version that shapes its payload. None: Stripe did not say.
    pub api_version: Option<String>,
}

/// What an event changes.
#[derive(Clone, Debug)]
pub enum Effect {
    /// The state of a subscription, as the event carries it.
    Snapshot(Box<Snapshot>),
    /// Something about a subscription whose state the event does not carry.
    Named(SubscriptionId),
    /// A one-time payment.
    Payment(Payment),
}

/// An event, ready to be applied.
#[derive(Clone, Debug)]
pub struct Application {
    /// The event.
    pub event: EventRef,
    /// The organizations that it names, best first.
    pub orgs: Vec<OrgId>,
    /// The Stripe customer that it names. None: it names none.
    pub customer: Option<CustomerId>,
    /// The customer is the organization's own: nobody else could have put the two together.
    pub customer_is_theirs: bool,
    /// What it changes.
    pub effect: Effect,
    /// The snapshot, if there is one, is what Stripe answered to this read.
    pub read: Option<Read>,
    /// Stripe knows nothing of what the event names: there is nothing to apply.
    pub void: bool,
    /// How long a plan outlasts a failed payment, in days.
    pub grace_days: i32,
    /// An event without an organization is another product's.
    pub foreign_acknowledged: bool,
    /// Milliseconds since the request came.
    pub elapsed_ms: i64,
}

/// What came of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Its effects are committed.
    Applied,
    /// A newer state stands already.
    Stale,
    /// It was processed before.
    Duplicate,
    /// There was nothing to do.
    Ignored,
    /// It belongs to no organization.
    MissingOrg,
    /// Only Stripe knows the newest state: ask, and apply again with the answer.
    Read,
    /// The row changed while Stripe was asked: ask again.
    Conflict,
}

impl Outcome {
    /// Its name in answers, logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Stale => "stale",
            Self::Duplicate => "duplicate",
            Self::Ignored => "ignored",
            Self::MissingOrg => "missing_org",
            Self::Read => "read",
            Self::Conflict => "conflict",
        }
    }
}

/// The database's answer.
#[derive(Clone, Debug, Deserialize)]
pub struct Applied {
    /// What came of it.
    pub outcome: Outcome,
    /// Whose event it is.
    pub org_id: Option<OrgId>,
    /// The subscription row's version, for a read.
    #[serde(default)]
    pub version: i64,
}

/// Applies an event in one commit and one round trip.
///
/// # Errors
/// If the database fails: then nothing is changed.
pub async fn apply(db: &Db, application: &Application) -> Result<Applied, Error> {
    let request = Json(without_nul(request(application)));
    let rows = db.query("select billing.pf_apply_event($1)", &[(&request, Type::JSONB)]).await?;
    let row = rows.first().ok_or_else(|| Error::Answer("pf_apply_event answered no row".to_owned()))?;
    serde_json::from_value(row.get(0)).map_err(|error| Error::Answer(format!("pf_apply_event: {error}")))
}

/// Notes that an attempt failed, and when the next one is due.
///
/// # Errors
/// If the database fails.
pub async fn fail(db: &Db, event: &EventRef, error_code: &str) -> Result<(), Error> {
    let event = Json(without_nul(json!(event)));
    db.query("select billing.pf_fail_event($1, $2)", &[(&event, Type::JSONB), (&error_code, Type::TEXT)])
        .await?;
    Ok(())
}

/// Those of the events that were not processed yet.
///
/// # Errors
/// If the database fails.
pub async fn unprocessed(db: &Db, ids: &[String]) -> Result<Vec<String>, Error> {
    let sql = "select id from unnest($1) as id
               where not exists (select from billing.webhook_events w where w.event_id = id and w.status = 'processed')";
    let rows = db.query(sql, &[(&ids, Type::TEXT_ARRAY)]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Events that failed and whose time has come, and those that were cut off in the middle: at most `limit`, longest due first.
///
/// # Errors
/// If the database fails.
pub async fn due(db: &Db, livemode: bool, limit: i64) -> Result<Vec<String>, Error> {
    let sql = "(select event_id, next_retry_at as due from billing.webhook_events
                where livemode = $1 and status = 'failed' and next_retry_at <= now())
               union all
               (select event_id, last_attempt_at from billing.webhook_events
                where livemode = $1 and status = 'received' and last_attempt_at < now() - interval '5 minutes')
               order by due limit $2";
    let rows = db.query(sql, &[(&livemode, Type::BOOL), (&limit, Type::INT8)]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Notes that Stripe does not have the event any more (it keeps them for 30 days), so that nobody asks for it again.
///
/// # Errors
/// If the database fails.
pub async fn gone(db: &Db, id: &str) -> Result<(), Error> {
    let sql = "select billing.pf_event_gone($1)";
    db.query(sql, &[(&id, Type::TEXT)]).await.map(drop)
}

/// Removes events that nobody touched for `days`, at most `limit` of them, and tells how many it were.
///
/// # Errors
/// If the database fails.
pub async fn prune(db: &Db, days: i32, limit: i64) -> Result<i64, Error> {
    let sql = "select billing.pf_prune_events($1, $2)";
    let rows = db.query(sql, &[(&days, Type::INT4), (&limit, Type::INT8)]).await?;
    Ok(rows.first().map_or(0, |row| row.get(0)))
}

/// The argument of `pf_apply_event`; its fields are described there.
fn request(application: &Application) -> Value {
    let (subscription, snapshot, payment) = match &application.effect {
        Effect::Snapshot(snapshot) => (Some(&snapshot.id), Some(snapshot_row(snapshot)), None),
        Effect::Named(id) => (Some(id), None, None),
        Effect::Payment(payment) => (None, None, Some(payment_row(payment))),
    };
    json!({
        "event": application.event,
        "org_ids": application.orgs,
        "customer": application.customer.as_ref().map(CustomerId::as_str),
        "customer_is_theirs": application.customer_is_theirs,
        "subscription": subscription.map(SubscriptionId::as_str),
        "snapshot": snapshot,
        "read": application.read.map(|read| json!({
            "version": read.version,
            "observed_at": read.observed_at,
            "known_through": read.known_through,
            "may_include": read.may_include,
        })),
        "payment": payment,
        "verdict": application.void.then_some("ignored"),
        "grace_days": application.grace_days,
        "foreign_acknowledged": application.foreign_acknowledged,
        "elapsed_ms": application.elapsed_ms,
    })
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

/// A row of `subscriptions`, but for the columns that the database decides.
pub(super) fn snapshot_row(snapshot: &Snapshot) -> Value {
    json!({
        "stripe_subscription_id": snapshot.id.as_str(),
        "livemode": snapshot.livemode,
        "stripe_customer_id": snapshot.customer.as_str(),
        "status": snapshot.status,
        "pause_behavior": snapshot.pause_behavior,
        "plan_code": snapshot.plan.code(),
        "plan_unknown": snapshot.plan == Plan::Unknown,
        "price_id": snapshot.item.price,
        "billing_interval": snapshot.item.interval,
        "quantity": snapshot.item.quantity.unwrap_or(1),
        "current_period_start": snapshot.period.map(|(start, _)| start),
        "current_period_end": snapshot.period.map(|(_, end)| end),
        "cancel_at_period_end": snapshot.cancel_at_period_end,
        "cancel_at": snapshot.cancel_at,
        "trial_end": snapshot.trial_end,
        "stripe_created_at": snapshot.created,
    })
}

/// A row of `payments`, but for the columns that the database decides.
fn payment_row(payment: &Payment) -> Value {
    let expires_at: Option<Timestamp> = payment.addons_expire_at;
    json!({
        "stripe_checkout_session_id": payment.session.as_str(),
        "livemode": payment.livemode,
        "amount_cents": payment.amount_cents,
        "currency": payment.currency,
        "payment_status": payment.status.as_str(),
        "addon_features": payment.addons.iter().map(|feature| feature.as_str()).collect::<Vec<_>>(),
        "addon_expires_at": expires_at,
    })
}
