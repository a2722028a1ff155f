//! The table `history`: what was so, and when.

use tokio_postgres::types::Type;

use crate::db::{Db, Error};

/// Removes what was over for `days`, at most `limit` rows of it, and tells how many it were.
///
/// # Errors
/// If the database fails.
pub async fn prune(db: &Db, days: i32, limit: i64) -> Result<i64, Error> {
    let sql = "select billing.pf_prune_history($1, $2, false)";
    let rows = db.query(sql, &[(&days, Type::INT4), (&limit, Type::INT8)]).await?;
    Ok(rows.first().map_or(0, |row| row.get(0)))
}
