//! Reading what an organization has, as the user who asks: the database itself refuses another organization's
//! rows.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::types::Type;

use crate::db::{Db, Error};
use crate::domain::entitlement::EntitlementSet;
use crate::domain::ids::{OrgId, UserId};
use crate::domain::status::Status;

/// An organization's entitlements as `user` may see them. None: not a member, or there is no such
/// organization.
///
/// # Errors
/// If the database fails.
pub async fn read(db: &Db, user: UserId, org: OrgId) -> Result<Option<EntitlementSet>, Error> {
    let id = org.uuid();
    let rows = db.query_as(user, "select * from billing.read_entitlements($1)", &[(&id, Type::UUID)]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let second = |name: &str| row.get::<_, Option<i64>>(name).and_then(|s| Timestamp::from_second(s).ok());
    let features: BTreeMap<String, bool> = serde_json::from_value(row.get::<_, Value>("features"))
        .map_err(|error| Error::Answer(format!("features: {error}")))?;
    Ok(Some(EntitlementSet {
        org,
        plan_code: row.get("plan_code"),
        status: row.get::<_, Option<String>>("status").map(Status::from),
        seats: row.get("seats"),
        current_period_end: second("current_period_end"),
        cancel_at: second("cancel_at"),
        grace_ends_at: second("grace_ends_at"),
        features,
    }))
}
