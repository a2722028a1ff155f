//! Whether the database answers, with which schema, and whether it has connections left.

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

/// Whether the database answers at all, whatever the login may see.
///
/// # Errors
/// If it does not.
pub async fn answers(db: &Db) -> Result<(), Error> {
    db.query("select", &[]).await.map(drop)
}

/// How many connections are used, of a hundred that may be: the server's, or those of a login of ours,
/// whichever is more.
///
/// # Errors
/// If the database does not answer.
pub async fn connections_used(db: &Db) -> Result<i64, Error> {
    let sql = "with used as (
          select usename as name, count(*) as connections from pg_stat_activity
          where usename is not null group by usename)
        select greatest(
          (select max(100 * used.connections / r.rolconnlimit)
            from used join pg_roles r on r.rolname = used.name
            where r.rolname like 'billing\\_%' and r.rolconnlimit > 0),
          (select 100 * sum(connections) / (current_setting('max_connections')::bigint
            - current_setting('superuser_reserved_connections')::bigint) from used))::bigint";
    let rows = db.query(sql, &[]).await?;
    Ok(rows.first().and_then(|row| row.get(0)).unwrap_or_default())
}
