//! Reading what a statement answers as JSON: so that a row becomes a struct by its columns' names.

use serde::de::DeserializeOwned;
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use crate::context::Error;
use crate::outcome::Code;

/// Values of a statement, with their types: a pooler in transaction mode keeps no prepared statement.
pub type Params<'a> = &'a [(&'a (dyn ToSql + Sync), Type)];

/// The first column of every row.
pub async fn all<T: DeserializeOwned>(
    client: &Client,
    sql: &str,
    params: Params<'_>,
) -> Result<Vec<T>, Error> {
    let rows = client.query_typed(sql, params).await?;
    rows.iter().map(|row| serde_json::from_value(row.get(0)).map_err(|error| unreadable(&error))).collect()
}

/// The first column of the first row. None: there is none.
pub async fn one<T: DeserializeOwned>(
    client: &Client,
    sql: &str,
    params: Params<'_>,
) -> Result<Option<T>, Error> {
    Ok(all(client, sql, params).await?.pop())
}

fn unreadable(error: &serde_json::Error) -> Error {
    let sentence = format!("The database answered something unexpected: {error}. Run billing migrate first.");
    Error::Operation(sentence, Code::DatabaseRefused)
}
