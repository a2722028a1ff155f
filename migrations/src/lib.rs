//! Brings a database to this version's schema: the forward-only SQL files beside this crate, applied under a lock.
//!
//! Linked into what an operator or a developer runs, never into a function that answers requests.

use refinery::Runner;
use tokio_postgres::Client;

mod embedded {
    refinery::embed_migrations!(".");
}

/// The table that lists what was applied.
pub const HISTORY_TABLE: &str = "billing_schema_history";

/// Why the schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused, or the connection was lost.
    #[error("the database refused a migration: {0}")]
    Database(#[from] tokio_postgres::Error),
    /// A migration failed, is missing, or is not the one that was applied.
    #[error("{0}")]
    Migration(#[from] refinery::Error),
}

/// The version of the newest migration this program knows.
pub fn latest_version() -> i64 {
    embedded::migrations::runner()
        .get_migrations()
        .iter()
        .map(|m| i64::from(m.version()))
        .max()
        .unwrap_or_default()
}

/// Applies what is pending and returns its names, oldest first. Several callers at once are safe: one works, the others wait.
///
/// Needs a direct connection: the lock belongs to the session, which a transaction pooler does not keep.
///
/// # Errors
/// If a migration fails (nothing of it is kept) or the history names one that this program does not know or that has changed.
pub async fn run(client: &mut Client) -> Result<Vec<String>, Error> {
    client.batch_execute("select pg_advisory_lock(hashtextextended('billing migrations', 0))").await?;
    let applied = apply(client).await;
    client.batch_execute("select pg_advisory_unlock(hashtextextended('billing migrations', 0))").await?;
    applied
}

async fn apply(client: &mut Client) -> Result<Vec<String>, Error> {
    let mut runner: Runner = embedded::migrations::runner();
    runner.set_migration_table_name(HISTORY_TABLE);
    let report = runner.run_async(client).await?;
    // refinery makes this table itself, so its protection cannot stand in a migration.
    client
        .batch_execute(&format!(
            "alter table {HISTORY_TABLE} enable row level security;
             alter table {HISTORY_TABLE} force row level security;
             drop policy if exists billing_service on {HISTORY_TABLE};
             create policy billing_service on {HISTORY_TABLE} to service_role, current_user using (true) with check (true);
             drop policy if exists billing_logins on {HISTORY_TABLE};
             create policy billing_logins on {HISTORY_TABLE} for select to billing_reader, billing_operator using (true);
             revoke all on {HISTORY_TABLE} from anon, authenticated;
             grant select on {HISTORY_TABLE} to service_role, billing_reader, billing_operator;"
        ))
        .await?;
    Ok(report.applied_migrations().iter().map(ToString::to_string).collect())
}
