//! Brings a database to this version's schema: the SQL files beside this crate, applied in one transaction
//! under a lock.
//!
//! `tables/` holds migrations, which only go forward; `functions/`, `views/` and `policies/` hold
//! definitions, which are applied again when their content changed (README.md). Linked into what an operator
//! or a developer runs, never into a function that answers requests.

mod apply;
mod files;
mod history;
mod session;

pub use apply::run;
pub use files::{FILES, File};
pub use history::{outside, pending};
pub use session::belongs_to;
use tokio_postgres::error::SqlState;

/// The comment on each role of ours: what tells it from another one of the same name.
const OWNER_COMMENT: &str = "PromptForge Billing";

/// Why the schema could not be brought up to date. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused, or the connection was lost.
    #[error("the database refused: {}", because(.0))]
    Database(#[from] tokio_postgres::Error),
    /// A schema of our name is there, and `billing migrate` did not make it.
    #[error(
        "the schema {0} exists and was not made by billing migrate. Use another database, or rename that \
         schema (a developer's local database from before the first release is made anew by cargo dev \
         --fresh)"
    )]
    SchemaTaken(String),
    /// A role of our name is there, and `billing migrate` did not make it.
    #[error(
        "the role {0} exists and was not made by billing migrate. Rename it; or, if it is ours and was \
         restored without its comment, run: comment on role ... is 'PromptForge Billing'"
    )]
    RoleTaken(String),
    /// The database is from another server: a dump holds no roles.
    #[error(
        "the roles {0} are missing on this server, and what this database may do hangs on them. Run billing \
         migrate in a new, empty database of this server, which makes them, and restore once more"
    )]
    RolesMissing(String),
    /// What was applied is not what this program would have applied.
    #[error(
        "the migration {0} was changed after it was applied to this database. Restore the file as it was \
         released, and make the change a new migration"
    )]
    Changed(String),
    /// The database is newer than this program.
    #[error(
        "this database has the migration {0}, which this version of billing does not know. Use the release \
         that applied it, or a newer one"
    )]
    Unknown(String),
    /// Successive statements are not sure to reach the same session.
    #[error(
        "DATABASE_URL leads to a pooler in transaction mode. Use the database's direct address (at \
         Supabase: port 5432, not 6543)"
    )]
    Pooler,
    /// A file failed.
    #[error("{name} failed: {because}. Nothing was changed")]
    Failed {
        /// The file's name.
        name: &'static str,
        /// PostgreSQL's words.
        because: String,
        /// What the driver says.
        cause: tokio_postgres::Error,
    },
}

/// The version of the newest migration this program knows.
pub fn latest_version() -> i64 {
    FILES.iter().map(File::version).max().unwrap_or_default()
}

/// The cause that the driver's own sentence leaves out: PostgreSQL's words.
fn because(error: &tokio_postgres::Error) -> String {
    if let Some(refusal) = error.as_db_error() {
        let advice = match *refusal.code() {
            SqlState::INSUFFICIENT_PRIVILEGE => {
                ". Run it as a role that may create roles and schemas (at Supabase: postgres)"
            }
            _ => "",
        };
        return format!("{}{advice}", refusal.message());
    }
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    causes.last().map(ToString::to_string).unwrap_or_default()
}
