//! The table `notifications`: whom the application has to be told about.

use tokio_postgres::types::Type;

use crate::db::{Db, Error};

/// Removes what has been over for a month, and what nobody was told for a week, at most `limit` rows, and
/// tells how many they were.
///
/// # Errors
/// If the database fails.
pub async fn prune(db: &Db, limit: i64) -> Result<i64, Error> {
    let rows = db.query("select billing.pf_prune_notifications($1)", &[(&limit, Type::INT8)]).await?;
    Ok(rows.first().map_or(0, |row| row.get(0)))
}
