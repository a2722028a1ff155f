//! Reading what an organization has, for the user who asks: the database itself looks up whether they are a
//! member.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
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
    let id = org.uuid();
    // The position is looked at after the snapshot was taken: no change that is in the answer lies behind it.
    let sql =
        "select case when pg_is_in_recovery() then null else pg_current_wal_insert_lsn() end as log_position,
        r.* from billing.read_entitlements($1, $2) r";
    let rows = db.query(sql, &[(&user.uuid(), Type::UUID), (&id, Type::UUID)]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(Some(Reading { entitlements: told_to(row, org)?, position: position(row) }))
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
    let sql = "select * from billing.read_replayed_entitlements($1, $2, $3)";
    let params: Params<'_> = &[(&user.uuid(), Type::UUID), (&id, Type::UUID), (&least, Type::PG_LSN)];
    let rows = replica.query(sql, params).await?;
    let row = rows.first().ok_or_else(|| Error::Answer("a replica's answer has no row".to_owned()))?;
    let is_there = row.get::<_, Option<&str>>("role").is_some();
    let lag = row.get::<_, Option<i64>>("lag_ms").map(|lag| Duration::from_millis(lag.max(0).unsigned_abs()));
    Ok(Replayed {
        entitlements: is_there.then(|| told_to(row, org)).transpose()?,
        position: position(row),
        lag,
    })
}

fn position(row: &Row) -> Option<Position> {
    row.get::<_, Option<PgLsn>>("log_position").map(|at| Position::new(at.into()))
}

/// For the member whose role the row has.
fn told_to(row: &Row, org: OrgId) -> Result<EntitlementSet, Error> {
    set(row, org, Role::from(row.get::<_, &str>("role")).may_change_billing())
}

/// What a row of `billing_private.standing_told` says.
pub(super) fn set(row: &Row, org: OrgId, can_manage_billing: bool) -> Result<EntitlementSet, Error> {
    let second = |name: &str| row.get::<_, Option<i64>>(name).and_then(|s| Timestamp::from_second(s).ok());
    let Json(features): Json<BTreeMap<String, bool>> =
        row.try_get("features").map_err(|error| Error::Answer(format!("features: {error}")))?;
    let discounts: Option<Json<Vec<Terms>>> =
        row.try_get("discounts").map_err(|error| Error::Answer(format!("discounts: {error}")))?;
    let scheduled: Option<Json<ScheduledChange>> =
        row.try_get("scheduled").map_err(|error| Error::Answer(format!("scheduled: {error}")))?;
    Ok(EntitlementSet {
        org,
        plan_code: row.get("plan_code"),
        status: row.get::<_, Option<String>>("status").map(Status::from),
        reason: row.get("reason"),
        interval: row.get("billing_interval"),
        interval_count: row.get("interval_count"),
        discounts: discounts.map(|Json(discounts)| discounts),
        seats: row.get("seats"),
        seats_used: row.get("seats_used"),
        scheduled: scheduled.map(|Json(scheduled)| scheduled),
        current_period_end: second("current_period_end"),
        cancel_at: second("cancel_at"),
        grace_ends_at: second("grace_ends_at"),
        trial_ends_at: second("trial_ends_at"),
        collection_paused: row.get("collection_paused"),
        can_manage_billing,
        features,
    })
}
