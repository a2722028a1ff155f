//! Reading what an organization has, for the user who asks: the database itself looks up whether they are a
//! member.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tokio_postgres::types::{Json, Type};

use crate::db::organizations::Role;
use crate::db::{Db, Error};
use crate::domain::discount::Terms;
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
    let sql = "select * from billing.read_entitlements($1, $2)";
    let rows = db.query(sql, &[(&user.uuid(), Type::UUID), (&id, Type::UUID)]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let second = |name: &str| row.get::<_, Option<i64>>(name).and_then(|s| Timestamp::from_second(s).ok());
    let Json(features): Json<BTreeMap<String, bool>> =
        row.try_get("features").map_err(|error| Error::Answer(format!("features: {error}")))?;
    let discounts: Option<Json<Vec<Terms>>> =
        row.try_get("discounts").map_err(|error| Error::Answer(format!("discounts: {error}")))?;
    Ok(Some(EntitlementSet {
        org,
        plan_code: row.get("plan_code"),
        status: row.get::<_, Option<String>>("status").map(Status::from),
        reason: row.get("reason"),
        interval: row.get("billing_interval"),
        interval_count: row.get("interval_count"),
        discounts: discounts.map(|Json(discounts)| discounts),
        seats: row.get("seats"),
        current_period_end: second("current_period_end"),
        cancel_at: second("cancel_at"),
        grace_ends_at: second("grace_ends_at"),
        trial_ends_at: second("trial_ends_at"),
        collection_paused: row.get("collection_paused"),
        can_manage_billing: Role::from(row.get::<_, &str>("role")).may_change_billing(),
        features,
    }))
}
