//! The table `history`: what was so, and when.

use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::{Db, Error};

/// How far a removal came.
#[derive(Clone, Debug)]
pub struct Cursor {
    past: Uuid,
    began: String,
}

/// Goes on with removing the months that ended `days` ago: looks at about `limit` rows of the organizations
/// after the cursor's. None: from the first on. Answers how many of them go, and how far it came. None: the
/// months are removed.
///
/// # Errors
/// If the database fails.
pub async fn prune(
    db: &Db,
    days: i32,
    cursor: Option<Cursor>,
    limit: i64,
) -> Result<(i64, Option<Cursor>), Error> {
    let sql = "select p.removed, p.next, to_jsonb(p.began) #>> '{}'
        from billing.pf_prune_history($1, $2, $3, false, coalesce($4::timestamptz, now())) p";
    let (past, began) = cursor.map(|cursor| (cursor.past, cursor.began)).unzip();
    let rows = db
        .query(sql, &[(&days, Type::INT4), (&past, Type::UUID), (&limit, Type::INT8), (&began, Type::TEXT)])
        .await?;
    let came_to = |row: &Row| Some(Cursor { past: row.get::<_, Option<Uuid>>(1)?, began: row.get(2) });
    Ok(rows.first().map_or((0, None), |row| (row.get(0), came_to(row))))
}
