//! Whether the database answers, and with which schema.

use crate::db::{Db, Error};

/// The version of the newest migration that was applied. None: never migrated.
///
/// # Errors
/// If the database does not answer.
pub async fn schema_version(db: &Db) -> Result<Option<i64>, Error> {
    // The table is missing in a database that was never migrated: to_regclass keeps that from being an error.
    let migrated = db.query("select to_regclass('billing.schema_history') is not null", &[]).await?;
    if !migrated.first().is_some_and(|row| row.get::<_, bool>(0)) {
        return Ok(None);
    }
    let rows = db
        .query(
            "select max(substring(name from '^tables/V([0-9]+)__')::bigint) from billing.schema_history",
            &[],
        )
        .await?;
    Ok(rows.first().and_then(|row| row.get(0)))
}
