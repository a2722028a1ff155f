//! Where names are looked up. What somebody made in a schema of the login's own search path may fit better
//! than PostgreSQL's own function or operator, and would run with the rights of whoever adopts. So our own
//! statements see PostgreSQL's alone; only names and conditions that the operator gives are theirs.

use tokio_postgres::{Error, Transaction};

/// Ours, until the transaction ends. The login's own is kept beside it.
pub(super) async fn pin(transaction: &Transaction<'_>) -> Result<(), Error> {
    let keep = "select pg_catalog.set_config('billing.search_path',
        pg_catalog.current_setting('search_path'), true)";
    transaction.batch_execute(keep).await?;
    ours(transaction).await
}

/// PostgreSQL's own schema alone.
pub(super) async fn ours(transaction: &Transaction<'_>) -> Result<(), Error> {
    let pinned = "select pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true)";
    transaction.batch_execute(pinned).await
}

/// The login's own again.
pub(super) async fn theirs(transaction: &Transaction<'_>) -> Result<(), Error> {
    let kept = "select pg_catalog.set_config('search_path',
        pg_catalog.current_setting('billing.search_path'), true)";
    transaction.batch_execute(kept).await
}
