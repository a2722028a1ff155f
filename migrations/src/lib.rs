//! Brings a database to this version's schema: the forward-only SQL files beside this crate, applied under a lock.
//!
//! Linked into what an operator or a developer runs, never into a function that answers requests.

mod history;
mod session;

use refinery::Runner;
use tokio_postgres::Client;

pub use history::pending;
pub use session::belongs_to;

mod embedded {
    refinery::embed_migrations!(".");
}

/// The table that lists what was applied.
pub const HISTORY_TABLE: &str = "billing_schema_history";

/// The cause that the outer errors' own sentences leave out: PostgreSQL's words.
fn innermost(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.last().map(ToString::to_string).unwrap_or_default()
}

const LOCK: &str = "select pg_advisory_lock(hashtextextended('billing migrations', 0))";
const UNLOCK: &str = "select pg_advisory_unlock(hashtextextended('billing migrations', 0))";

/// Why the schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused, or the connection was lost.
    #[error("the database refused: {}", innermost(.0))]
    Database(#[from] tokio_postgres::Error),
    /// What was applied is not what this program would have applied.
    #[error(
        "the migration {0} was changed after it was applied to this database. Restore the file as it was released, and make the change a new migration"
    )]
    Changed(String),
    /// The database is newer than this program.
    #[error(
        "this database has the migration {0}, which this version of billing does not know. Use the release that applied it, or a newer one"
    )]
    Unknown(String),
    /// Successive statements are not sure to reach the same session.
    #[error(
        "DATABASE_URL leads to a pooler in transaction mode, which loses the lock that migrations need. Use the database's direct address (at Supabase: port 5432, not 6543)"
    )]
    Pooler,
    /// A migration failed, is missing, or is not the one that was applied.
    #[error("{outer}: {cause}", outer = .0, cause = innermost(.0))]
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
    client.batch_execute(LOCK).await?;
    // Behind a pooler the lock may already be somebody else's.
    let applied = if session::holds_lock(client).await? { apply(client).await } else { Err(Error::Pooler) };
    let unlocked = client.batch_execute(UNLOCK).await;
    let applied = applied?;
    unlocked?;
    Ok(applied)
}

async fn apply(client: &mut Client) -> Result<Vec<String>, Error> {
    // refinery would refuse the same, in words for whoever writes migrations.
    pending(client).await?;
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
