//! `billing migrate`: applies the pending migrations, under a lock, and names them.

use shared::config::Config;
use shared::db;

/// Why the schema was not brought up to date: a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No address.
    #[error(
        "DATABASE_URL is not set. Set it to the database's own address, as a role that may create roles and schemas."
    )]
    NoDatabase,
    /// No connection.
    #[error("{0}.")]
    Connect(#[from] db::ConnectError),
    /// A migration failed; those before it are applied.
    #[error("{0}. Nothing of the migration that failed was kept.")]
    Migration(#[from] migrations::Error),
}

/// Applies what is pending. The session's lock and a few settings need a direct connection, not a pooler in transaction mode.
///
/// # Errors
/// See [`Error`].
pub async fn run(config: &Config) -> Result<String, Error> {
    let url = config.database_url.as_ref().ok_or(Error::NoDatabase)?;
    let mut client = db::connect(url, config.database_ca.as_deref()).await?;
    let applied = migrations::run(&mut client).await?;
    let version = migrations::latest_version();
    if applied.is_empty() {
        return Ok(format!("Up to date: version {version}."));
    }
    let names: Vec<String> = applied.iter().map(|name| format!("applied {name}")).collect();
    Ok(format!("{}\nVersion {version}.", names.join("\n")))
}
