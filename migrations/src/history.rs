//! What was applied to a database, against what this program knows. Only reads.

use std::collections::BTreeMap;

use tokio_postgres::Client;

use crate::{Error, HISTORY_TABLE, embedded};

/// The names of the migrations that are not applied yet, oldest first. Changes nothing, and works behind a pooler.
///
/// # Errors
/// If the database does not answer, or its history holds a migration that this program does not know or that has changed.
pub async fn pending(client: &Client) -> Result<Vec<String>, Error> {
    let mut applied = applied(client).await?;
    let mut pending = Vec::new();
    let runner = embedded::migrations::runner();
    let mut known: Vec<_> = runner.get_migrations().iter().collect();
    known.sort_by_key(|migration| migration.version());
    for migration in known {
        match applied.remove(&i64::from(migration.version())) {
            None => pending.push(migration.to_string()),
            Some(row) if row.name != migration.name() || row.checksum != migration.checksum().to_string() => {
                return Err(Error::Changed(migration.to_string()));
            }
            Some(_) => {}
        }
    }
    match applied.pop_first() {
        Some((version, row)) => Err(Error::Unknown(format!("V{version}__{}", row.name))),
        None => Ok(pending),
    }
}

struct Applied {
    name: String,
    checksum: String,
}

async fn applied(client: &Client) -> Result<BTreeMap<i64, Applied>, Error> {
    // The table is missing in a database that was never migrated: to_regclass keeps that from being an error.
    let exists =
        client.query_typed(&format!("select to_regclass('{HISTORY_TABLE}') is not null"), &[]).await?;
    if !exists.first().is_some_and(|row| row.get::<_, bool>(0)) {
        return Ok(BTreeMap::new());
    }
    let sql = format!("select version::bigint, name::text, checksum::text from {HISTORY_TABLE}");
    let rows = client.query_typed(&sql, &[]).await?;
    Ok(rows.iter().map(|row| (row.get(0), Applied { name: row.get(1), checksum: row.get(2) })).collect())
}
