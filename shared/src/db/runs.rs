//! The audit trail.

use tokio_postgres::types::Type;

use crate::db::{Db, Error};

/// The number of the last entry, and how many plans changed after the given one. None: nobody counted yet, so
/// none did.
///
/// # Errors
/// If the database fails.
pub async fn plan_changes_after(db: &Db, after: Option<i64>) -> Result<(i64, u64), Error> {
    let sql = "select coalesce((select max(id) from billing.runs), 0),
                 (select count(*) from billing.runs where id > $1 and kind = 'plan_changed')";
    let rows = db.query(sql, &[(&after, Type::INT8)]).await?;
    let row = rows.first().ok_or_else(|| Error::Answer("the audit trail answered no row".to_owned()))?;
    Ok((row.get(0), u64::try_from(row.get::<_, i64>(1)).unwrap_or_default()))
}
