//! Every flag of an organization, and what decides it.

use serde::Deserialize;
use tokio_postgres::types::{Json, Type};

use crate::db::{Db, Error};
use crate::domain::ids::{OrgId, UserId};

/// A flag, and what decides it now.
#[derive(Clone, Debug, Deserialize)]
pub struct Flag {
    /// Its name.
    #[serde(rename = "flag")]
    pub key: String,
    /// Whether it is on.
    pub enabled: bool,
    /// What decides: `plan`, `addon`, `trial` or `override`. `plan` too where nothing grants it.
    pub source: String,
    /// When that ends, Unix seconds. None: no end known.
    pub expires_at: Option<i64>,
    /// Whether everybody has it.
    pub everybody: bool,
}

/// What was read.
#[derive(Clone, Debug)]
pub struct Flags {
    /// The plan in force.
    pub plan_code: String,
    /// Every flag there is, by name.
    pub flags: Vec<Flag>,
}

/// An organization's flags as `user` may see them. None: not a member, or there is no such organization.
///
/// # Errors
/// If the database fails.
pub async fn read(db: &Db, user: UserId, org: OrgId) -> Result<Option<Flags>, Error> {
    let sql = "select plan_code, flags from billing.read_flags($1, $2)";
    let rows = db.query(sql, &[(&user.uuid(), Type::UUID), (&org.uuid(), Type::UUID)]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let Json(flags) = row.try_get("flags").map_err(|error| Error::Answer(format!("flags: {error}")))?;
    Ok(Some(Flags { plan_code: row.get("plan_code"), flags }))
}
