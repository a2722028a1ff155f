//! The table `notifications`, an outbox: whom the application has to be told about.

use std::time::Duration;

use serde::Serialize;
use tokio_postgres::types::{Json, Type};
use uuid::Uuid;

use crate::db::entitlements::Told;
use crate::db::{Db, Error, argument};
use crate::domain::entitlement::EntitlementSet;
use crate::domain::ids::OrgId;

/// An organization that the application is told about now.
#[derive(Clone, Debug)]
pub struct Due {
    /// The message's.
    pub id: Uuid,
    /// Of two messages about one organization the one with the greater version is newer.
    pub version: i64,
    /// The URL lacks it.
    pub post: bool,
    /// The event bus lacks it.
    pub put: bool,
    /// What the organization has, for nobody in particular.
    pub entitlements: EntitlementSet,
}

/// What became of a message.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Whose it is.
    pub org: OrgId,
    /// The message's.
    pub version: i64,
    /// The URL has it now.
    pub posted: bool,
    /// The event bus has it now.
    pub put: bool,
    /// Every destination has it.
    pub done: bool,
    /// The URL is gone for good: it is not tried again.
    pub gone: bool,
    /// Why a destination does not have it: an HTTP status or a stable word. None: each that was asked does.
    pub error: Option<String>,
    /// For how many seconds the URL does not want to be asked. None: it does not say.
    pub retry_after: Option<u64>,
}

impl Outcome {
    /// Of a message that nobody was told yet.
    pub fn of(due: &Due) -> Self {
        Self {
            org: due.entitlements.org,
            version: due.version,
            posted: false,
            put: false,
            done: false,
            gone: false,
            error: None,
            retry_after: None,
        }
    }
}

/// Rows of which it is known now what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Every destination has them.
    pub delivered: i64,
    /// They are given up.
    pub given_up: i64,
}

/// What waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Rows.
    pub rows: i64,
    /// How long the oldest waits. None: none does.
    pub oldest_seconds: Option<i64>,
}

/// Notes whose entitlements time alone changed since this was last called, and tells how many organizations.
///
/// # Errors
/// If the database fails.
pub async fn note_ends(db: &Db) -> Result<i64, Error> {
    let rows = db.query("select billing.pf_note_ends()", &[]).await?;
    Ok(rows.first().map_or(0, |row| row.get(0)))
}

/// Takes what is due, of at most so many organizations, for so long: then it is due again.
///
/// # Errors
/// If the database fails.
pub async fn claim(db: &Db, at_most: i32, lease: Duration) -> Result<Vec<Due>, Error> {
    let lease = i32::try_from(lease.as_secs()).unwrap_or(i32::MAX);
    let sql = "select * from billing.pf_claim_notifications($1, $2)";
    let rows = db.query(sql, &[(&at_most, Type::INT4), (&lease, Type::INT4)]).await?;
    let due = rows.iter().map(|row| {
        let Json(told): Json<Told> =
            row.try_get("answer").map_err(|error| Error::Answer(format!("answer: {error}")))?;
        Ok(Due {
            id: row.get("id"),
            version: row.get("version"),
            post: row.get("post"),
            put: row.get("put"),
            entitlements: told.of(OrgId::from(row.get::<_, Uuid>("org_id"))),
        })
    });
    due.collect()
}

/// Notes what became of messages.
///
/// # Errors
/// If the database fails: then they are due again when the time is over for which they were taken.
pub async fn settle(db: &Db, outcomes: &[Outcome]) -> Result<Settled, Error> {
    let outcomes = argument::json(&outcomes)?;
    let sql = "select * from billing.pf_settle_notifications($1)";
    let rows = db.query(sql, &[(&outcomes, Type::JSONB)]).await?;
    let settled =
        rows.first().map(|row| Settled { delivered: row.get("delivered"), given_up: row.get("given_up") });
    Ok(settled.unwrap_or_default())
}

/// What waits.
///
/// # Errors
/// If the database fails.
pub async fn waiting(db: &Db) -> Result<Waiting, Error> {
    let sql = "select count(*) as rows, extract(epoch from now() - min(created_at))::bigint as oldest_seconds
        from billing.notifications where next_attempt_at is not null";
    let rows = db.query(sql, &[]).await?;
    let waiting =
        rows.first().map(|row| Waiting { rows: row.get("rows"), oldest_seconds: row.get("oldest_seconds") });
    Ok(waiting.unwrap_or_default())
}

/// Removes what has been over for a month, and what nobody was told for a week, at most `limit` rows, and
/// tells how many they were.
///
/// # Errors
/// If the database fails.
pub async fn prune(db: &Db, limit: i64) -> Result<i64, Error> {
    let rows = db.query("select billing.pf_prune_notifications($1)", &[(&limit, Type::INT8)]).await?;
    Ok(rows.first().map_or(0, |row| row.get(0)))
}
