//! Which rows change, and what somebody may see of them.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use shared::http::identity::Caller;
use tokio::sync::{Mutex, broadcast};
use tokio_postgres::tls::NoTlsStream;
use tokio_postgres::{AsyncMessage, Client, Connection, NoTls, Socket};

use crate::problem::Problem;

const SQL: &str = include_str!("changes.sql");

/// How many changes wait for a socket before it is closed. Its client then begins anew, and asks.
const WAITING: usize = 1024;

/// A row that has changed.
#[derive(Debug, Clone, Deserialize)]
pub struct Change {
    /// Without its schema, which is `billing`.
    pub table: String,
    /// `INSERT` or `UPDATE`. A row that is deleted is told to nobody: nobody can be asked about it.
    #[serde(rename = "type")]
    pub kind: String,
    at: String,
    key: Value,
}

/// What changes in the database. Clones hear the same.
#[derive(Clone)]
pub struct Changes {
    news: broadcast::Sender<Arc<Change>>,
    reader: Arc<Mutex<Client>>,
    /// As long as it is there, its connection hears.
    _listener: Arc<Client>,
}

impl Changes {
    /// Listens with two connections of the superuser's.
    ///
    /// # Errors
    /// If the database refuses them.
    pub async fn of(url: &str) -> Result<Self, Problem> {
        let problem =
            |error: tokio_postgres::Error| Problem::new(format!("The database says no changes: {error}."));
        let (reader, connection) = tokio_postgres::connect(url, NoTls).await.map_err(problem)?;
        tokio::spawn(connection);
        reader.batch_execute(SQL).await.map_err(problem)?;
        let (listener, connection) = tokio_postgres::connect(url, NoTls).await.map_err(problem)?;
        let news = broadcast::Sender::new(WAITING);
        tokio::spawn(hear(connection, news.clone()));
        listener.batch_execute("listen local_realtime").await.map_err(problem)?;
        Ok(Self { news, reader: Arc::new(Mutex::new(reader)), _listener: Arc::new(listener) })
    }

    /// Every change from now on.
    pub fn heard(&self) -> broadcast::Receiver<Arc<Change>> {
        self.news.subscribe()
    }

    /// The row as the database shows it to a person. None: it shows them no such row, or cannot be asked.
    pub async fn seen(&self, change: &Change, caller: Option<&Caller>) -> Option<Value> {
        let caller = caller?;
        let claims = json!({ "sub": caller.user.to_string(), "role": "authenticated" }).to_string();
        let mut reader = self.reader.lock().await;
        let transaction = reader.transaction().await.ok()?;
        transaction.batch_execute("set local role authenticated").await.ok()?;
        transaction.execute("select set_config('request.jwt.claims', $1, true)", &[&claims]).await.ok()?;
        // The name is one of those that the triggers are on.
        let row = format!(
            "select to_jsonb(t)::text from billing.{} t where to_jsonb(t) @> $1::text::jsonb",
            change.table
        );
        let found = transaction.query_opt(&row, &[&change.key.to_string()]).await.ok()??;
        serde_json::from_str(found.get(0)).ok()
    }

    /// What a listener is told: the change in Realtime's words, with the row as they see it.
    pub fn told(change: &Change, row: &Value) -> Value {
        let columns: Vec<Value> = row
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| json!({ "name": name, "type": kind_of(value) }))
            .collect();
        json!({
            "schema": "billing", "table": change.table, "type": change.kind, "commit_timestamp": change.at,
            "columns": columns, "record": row, "old_record": {}, "errors": null,
        })
    }
}

/// A type by which supabase-js leaves a value as it is.
fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "bool",
        Value::Number(_) => "int8",
        Value::Object(_) | Value::Array(_) => "jsonb",
        Value::Null | Value::String(_) => "text",
    }
}

async fn hear(mut connection: Connection<Socket, NoTlsStream>, news: broadcast::Sender<Arc<Change>>) {
    loop {
        let message = std::future::poll_fn(|context| connection.poll_message(context)).await;
        match message {
            Some(Ok(AsyncMessage::Notification(said))) => {
                if let Ok(change) = serde_json::from_str(said.payload()) {
                    // Err: nobody listens.
                    let _ = news.send(Arc::new(change));
                }
            }
            Some(Ok(_)) => {}
            // The server has ended, and the stack with it.
            Some(Err(_)) | None => return,
        }
    }
}
