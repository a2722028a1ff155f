//! The table `history`: what was so, and when.

use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::{Db, Error};

/// Goes on with removing the months that ended `days` ago: looks at about `limit` rows of the organizations
/// after `past`. None: from the first on. Answers how many of them go, and the organization that it came to.
/// None: the months are removed.
///
/// # Errors
/// If the database fails.
pub async fn prune(db: &Db, days: i32, past: Option<Uuid>, limit: i64) -> Result<(i64, Option<Uuid>), Error> {
    let sql = "select p.removed, p.next from billing.pf_prune_history($1, $2, $3, false) p";
    let rows = db.query(sql, &[(&days, Type::INT4), (&past, Type::UUID), (&limit, Type::INT8)]).await?;
    Ok(rows.first().map_or((0, None), |row| (row.get(0), row.get(1))))
}
