//! Whether a connection keeps its session from one statement to the next, or a pooler in transaction mode
//! deals it out anew.

use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::Error;

/// A pooler with a single server makes the first connection wait for the second one's transaction: that is an
/// answer too.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether `client`'s session is its own. `other` is a second connection to the same address.
///
/// While `other` is inside a transaction it holds a server. A pooler in transaction mode gives it the one
/// that just served `client`, whose next statement then waits or reaches another. A direct connection, or a
/// pooler in session mode, keeps its own.
///
/// # Errors
/// If the database does not answer.
pub async fn belongs_to(client: &Client, other: &Client) -> Result<bool, Error> {
    let before = backend(client).await?;
    other.batch_execute("begin").await?;
    let held = backend(other).await;
    let after = timeout(PATIENCE, backend(client)).await;
    other.batch_execute("rollback").await?;
    let Ok(after) = after else { return Ok(false) };
    Ok(held? != before && after? == before)
}

async fn backend(client: &Client) -> Result<String, Error> {
    first_value(client, "select pg_catalog.pg_backend_pid()").await
}

/// The simple protocol, so that a pooler does not see a statement in parts.
async fn first_value(client: &Client, sql: &str) -> Result<String, Error> {
    let messages = client.simple_query(sql).await?;
    let value = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    Ok(value.unwrap_or_default().to_owned())
}
