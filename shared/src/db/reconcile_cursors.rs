//! How far each part of the reconciliation got.

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_postgres::types::{Json, Type};

use crate::db::{Db, Error};

/// The position under a name. None: it never began.
///
/// # Errors
/// If the database fails, or holds a position of another shape.
pub async fn read<T: DeserializeOwned>(db: &Db, name: &str, livemode: bool) -> Result<Option<T>, Error> {
    let sql = "select position from billing.reconcile_cursors where name = $1 and livemode = $2";
    let rows = db.query(sql, &[(&name, Type::TEXT), (&livemode, Type::BOOL)]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    serde_json::from_value(row.get(0))
        .map(Some)
        .map_err(|error| Error::Answer(format!("reconcile_cursors {name}: {error}")))
}

/// Stores a position. Of two reconciliations at once the last one stays: the work between the two is done
/// again, which changes nothing.
///
/// # Errors
/// If the database fails.
pub async fn store<T: Serialize + Sync>(
    db: &Db,
    name: &str,
    livemode: bool,
    position: &T,
) -> Result<(), Error> {
    let position = Json(serde_json::to_value(position).map_err(|error| Error::Answer(error.to_string()))?);
    let sql = "select billing.pf_store_cursor($1, $2, $3)";
    db.query(sql, &[(&name, Type::TEXT), (&livemode, Type::BOOL), (&position, Type::JSONB)]).await.map(drop)
}

/// Forgets a position: the next one begins anew.
///
/// # Errors
/// If the database fails.
pub async fn forget(db: &Db, name: &str, livemode: bool) -> Result<(), Error> {
    let sql = "select billing.pf_store_cursor($1, $2, null)";
    db.query(sql, &[(&name, Type::TEXT), (&livemode, Type::BOOL)]).await.map(drop)
}
