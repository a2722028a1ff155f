//! Applying Stripe events: one call, one commit (`pf_apply_event` in SQL).

mod apply_event;

use serde::{Deserialize, Serialize};
use tokio_postgres::types::{Json, Type};

use crate::db::argument;
use crate::db::{Db, Error};
use crate::domain::ids::{CustomerId, OrgId, SubscriptionId};
use crate::domain::ordering::ReadTimes;
use crate::domain::payment::{Charge, Payment};
use crate::domain::subscription::Snapshot;

pub use apply_event::ApplyEvent;

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
    /// Money of a charge that went back, or its dispute.
    Charge(Charge),
    /// Something about a charge whose state the event does not carry: Stripe's id.
    NamedCharge(String),
    /// The time of one of Stripe's test clocks.
    TestClock {
        /// Stripe's id, `clock_...`.
        id: String,
        /// Unix seconds.
        frozen_at: i64,
    },
}

/// An event, ready to be applied.
#[derive(Clone, Debug)]
pub struct EventToApply {
    /// The event.
    pub event: EventRef,
    /// The organizations that metadata names, which only the account can write; best first.
    pub orgs: Vec<OrgId>,
    /// The organization that a visitor may have typed. None: none.
    pub reference: Option<OrgId>,
    /// The Stripe customer that it names. None: it names none.
    pub customer: Option<CustomerId>,
    /// What it changes.
    pub effect: Effect,
    /// It is an invoice that was paid, with more than nothing.
    pub paid: bool,
    /// The state that the event carries, where `effect` is what a read showed. None: none, or it is `effect`.
    pub carried: Option<Box<Snapshot>>,
    /// The event carries no state, and Stripe keeps the one that it stands for, and was not asked for it yet.
    pub thin: bool,
    /// The snapshot, if there is one, is what Stripe answered to this read.
    pub read: Option<ReadTimes>,
    /// Stripe did not say more of the discounts and the schedule than their ids: they are written without.
    pub discounts_unread: bool,
    /// Stripe knows nothing of what the event names: there is nothing to apply.
    pub void: bool,
    /// How long a plan outlasts a failed payment, in days.
    pub grace_days: i32,
    /// An event without an organization is another product's.
    pub foreign_acknowledged: bool,
    /// Milliseconds since the request came.
    pub elapsed_ms: i64,
}

/// What somebody should look at, although the event is processed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// A price that sells no plan, seats or add-on we know of.
    UnknownPlan,
    /// Metadata of an add-on that cannot be read: it grants nothing.
    AddonUnreadable,
    /// A charge is disputed.
    PaymentDisputed,
    /// A subscription that somebody pays for an organization through a link.
    PaidByStranger,
}

impl Seen {
    /// Its name in logs and in the audit trail.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownPlan => "unknown_plan",
            Self::AddonUnreadable => "addon_unreadable",
            Self::PaymentDisputed => "payment_disputed",
            Self::PaidByStranger => "paid_by_stranger",
        }
    }
}

/// What came of an event that is processed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventOutcome {
    /// Its effects are committed.
    Applied,
    /// A newer state stands already.
    Stale,
    /// It was processed before.
    Duplicate,
    /// There was nothing to do.
    Ignored,
}

impl EventOutcome {
    /// Its name in answers, logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Stale => "stale",
            Self::Duplicate => "duplicate",
            Self::Ignored => "ignored",
        }
    }
}

/// The database's answer to an event.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum EventAnswer {
    /// It is processed.
    Settled {
        /// What came of it.
        outcome: EventOutcome,
        /// Whose event it is. None: another product's.
        #[serde(deserialize_with = "Option::deserialize")] // So that it cannot be left out.
        org_id: Option<OrgId>,
        /// What somebody should look at.
        seen: Vec<Seen>,
    },
    /// Nothing was changed, as the row is not known to be older: ask Stripe, and apply its answer.
    AskStripe {
        /// The version that the subscription's row has now. 0: there is none.
        version: i64,
        /// Only to learn what its discounts take off, or what its schedule plans: else the event can be
        /// applied as it is.
        #[serde(default)]
        for_discounts: bool,
        /// Only to learn what the event carried, which may be what was paid last.
        #[serde(default)]
        for_paid: bool,
    },
    /// It belongs to no organization. That it failed is noted.
    MissingOrg,
}

/// Applies an event in one commit and one round trip.
///
/// # Errors
/// If the database fails: then nothing is changed.
pub async fn apply(db: &Db, to_apply: &EventToApply) -> Result<EventAnswer, Error> {
    let request = argument::json(&ApplyEvent::from(to_apply))?;
    let rows = db.query("select billing.pf_apply_event($1)", &[(&request, Type::JSONB)]).await?;
    let row = rows.first().ok_or_else(|| Error::Answer("pf_apply_event answered no row".to_owned()))?;
    let answer = row.try_get::<_, Json<EventAnswer>>(0);
    answer.map(|Json(answer)| answer).map_err(|error| Error::Answer(format!("pf_apply_event: {error}")))
}

/// Notes that an attempt failed, and when the next one is due. `org`: the organization that the event names.
///
/// # Errors
/// If the database fails.
pub async fn fail(db: &Db, event: &EventRef, org: Option<OrgId>, error_code: &str) -> Result<(), Error> {
    let (event, org) = (argument::json(event)?, org.map(OrgId::uuid));
    let sql = "select billing.pf_fail_event($1, $2, $3)";
    db.query(sql, &[(&event, Type::JSONB), (&error_code, Type::TEXT), (&org, Type::UUID)]).await?;
    Ok(())
}

/// Events that failed and whose time has come: at most `limit`, longest due first.
///
/// # Errors
/// If the database fails.
pub async fn due(db: &Db, livemode: bool, limit: i64) -> Result<Vec<String>, Error> {
    let sql = "select event_id from billing.webhook_events
               where livemode = $1 and status = 'failed' and next_retry_at <= now()
               order by next_retry_at limit $2";
    let rows = db.query(sql, &[(&livemode, Type::BOOL), (&limit, Type::INT8)]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Notes that Stripe does not have the event any more (it keeps them for 30 days), so that nobody asks for it
/// again.
///
/// # Errors
/// If the database fails.
pub async fn gone(db: &Db, id: &str) -> Result<(), Error> {
    db.query("select billing.pf_event_gone($1)", &[(&id, Type::TEXT)]).await.map(drop)
}

/// Nothing of the event is to be done any more: of what was noted as failed, nothing is tried again.
///
/// # Errors
/// If the database fails.
pub async fn settle(db: &Db, id: &str) -> Result<(), Error> {
    db.query("select billing.pf_settle_event($1)", &[(&id, Type::TEXT)]).await.map(drop)
}

/// Removes the months of events that ended `days` ago, and tells how many events that were. Makes the months
/// to come.
///
/// # Errors
/// If the database fails.
pub async fn prune(db: &Db, days: i32) -> Result<i64, Error> {
    let rows = db.query("select billing.pf_prune_events($1, false)", &[(&days, Type::INT4)]).await?;
    Ok(rows.first().map_or(0, |row| row.get(0)))
}
