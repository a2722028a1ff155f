//! Reading what an organization has, for the user who asks: the database itself looks up whether they are a
//! member.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio_postgres::Row;
use tokio_postgres::types::{Json, PgLsn, Type};

use crate::db::organizations::Role;
use crate::db::pool::Params;
use crate::db::{Db, Error};
use crate::domain::discount::Terms;
use crate::domain::entitlement::EntitlementSet;
use crate::domain::ids::{OrgId, UserId};
use crate::domain::position::Position;
use crate::domain::schedule::ScheduledChange;
use crate::domain::status::Status;

/// What was read, and where.
#[derive(Clone, Debug)]
pub struct Reading {
    /// What the organization has.
    pub entitlements: EntitlementSet,
    /// Up to where the primary's log is in it. None: this was no primary.
    pub position: Option<Position>,
}

/// What a replica has.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// None: not a member, as far as the replica knows, or it was not asked because it is behind.
    pub entitlements: Option<EntitlementSet>,
    /// Up to where the replica has replayed the primary's log. None: it does not say.
    pub position: Option<Position>,
    /// How old its state is at most. None: not known.
    pub lag: Option<Duration>,
}

/// An organization's entitlements as `user` may see them. None: not a member, or there is no such
/// organization.
///
/// # Errors
/// If the database fails.
pub async fn read(db: &Db, user: UserId, org: OrgId) -> Result<Option<Reading>, Error> {
    let sql = "select billing.read_entitlements($1, $2)";
    let rows = db.query(sql, &[(&user.uuid(), Type::UUID), (&org.uuid(), Type::UUID)]).await?;
    let Some(told) = answer::<Told>(&rows)? else { return Ok(None) };
    Ok(Some(Reading { position: position(told.position.as_deref())?, entitlements: told.of(org) }))
}

/// The same at a replica, which does not look before it has replayed up to `least`.
///
/// # Errors
/// If the replica fails.
pub async fn read_replayed(
    replica: &Db,
    user: UserId,
    org: OrgId,
    least: Option<Position>,
) -> Result<Replayed, Error> {
    let (id, least) = (org.uuid(), least.map(|position| PgLsn::from(position.bytes())));
    let sql = "select billing.read_replayed_entitlements($1, $2, $3)";
    let params: Params<'_> = &[(&user.uuid(), Type::UUID), (&id, Type::UUID), (&least, Type::PG_LSN)];
    let rows = replica.query(sql, params).await?;
    let ReplayedAnswer { position: at, lag_ms, answer: told } =
        answer(&rows)?.ok_or_else(|| Error::Answer("a replica's answer is null".to_owned()))?;
    Ok(Replayed {
        entitlements: told.map(|told| told.of(org)),
        position: position(at.as_deref())?,
        lag: lag_ms.map(|lag| Duration::from_millis(lag.max(0).unsigned_abs())),
    })
}

/// The only value of the only row. None: it is null.
fn answer<T: DeserializeOwned>(rows: &[Row]) -> Result<Option<T>, Error> {
    let Some(row) = rows.first() else { return Ok(None) };
    let answer: Option<Json<T>> =
        row.try_get(0).map_err(|error| Error::Answer(format!("entitlements: {error}")))?;
    Ok(answer.map(|Json(answer)| answer))
}

fn position(lsn: Option<&str>) -> Result<Option<Position>, Error> {
    let read = |lsn: &str| lsn.parse::<PgLsn>().map(|at| Position::new(at.into()));
    lsn.map(read).transpose().map_err(|_| Error::Answer("position: not a place in the log".to_owned()))
}

/// What `billing.read_replayed_entitlements` answers.
#[derive(Deserialize)]
struct ReplayedAnswer {
    position: Option<String>,
    lag_ms: Option<i64>,
    answer: Option<Told>,
}

/// What `billing_private.standing_told` says, and `billing.read_entitlements` beside it.
#[derive(Deserialize)]
pub(super) struct Told {
    role: Option<String>,
    position: Option<String>,
    plan_code: String,
    status: Option<Status>,
    reason: Option<String>,
    billing_interval: Option<String>,
    interval_count: Option<i32>,
    seats: i32,
    current_period_end: Option<i64>,
    cancel_at: Option<i64>,
    grace_ends_at: Option<i64>,
    trial_ends_at: Option<i64>,
    collection_paused: bool,
    discounts: Option<Vec<Terms>>,
    features: BTreeMap<String, bool>,
    scheduled: Option<ScheduledChange>,
    seats_used: i32,
}

impl Told {
    /// For whom it names the role of; without a role for nobody in particular.
    pub(super) fn of(self, org: OrgId) -> EntitlementSet {
        let second = |at: Option<i64>| at.and_then(|at| Timestamp::from_second(at).ok());
        let role = self.role.as_deref().map(Role::from);
        EntitlementSet {
            org,
            plan_code: self.plan_code,
            status: self.status,
            reason: self.reason,
            interval: self.billing_interval,
            interval_count: self.interval_count,
            discounts: self.discounts,
            seats: self.seats,
            seats_used: self.seats_used,
            scheduled: self.scheduled,
            current_period_end: second(self.current_period_end),
            cancel_at: second(self.cancel_at),
            grace_ends_at: second(self.grace_ends_at),
            trial_ends_at: second(self.trial_ends_at),
            collection_paused: self.collection_paused,
            can_manage_billing: role.is_some_and(Role::may_change_billing),
            features: self.features,
        }
    }
}
