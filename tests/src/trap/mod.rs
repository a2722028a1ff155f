//! An attacker with a login: a session whose temporary schema is full of traps, and which hears when one
//! springs.

use std::sync::{Arc, Mutex};

use futures_util::{StreamExt, stream};
use tokio_postgres::{AsyncMessage, Client, NoTls};

/// A session of a login that laid out traps.
pub struct Attacker {
    /// The session.
    pub client: Client,
    notices: Arc<Mutex<Vec<String>>>,
}

impl Attacker {
    /// Connects, and becomes `role` if it is not the login.
    pub async fn connect(url: &str, role: Option<&str>) -> Self {
        let (client, mut connection) = tokio_postgres::connect(url, NoTls).await.expect("connect");
        let notices = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&notices);
        tokio::spawn(async move {
            let mut messages = stream::poll_fn(move |context| connection.poll_message(context));
            while let Some(Ok(message)) = messages.next().await {
                if let AsyncMessage::Notice(notice) = message {
                    heard.lock().expect("notices").push(notice.message().to_owned());
                }
            }
        });
        if let Some(role) = role {
            client.batch_execute(&format!("set role {role}")).await.expect("the role");
        }
        Self { client, notices }
    }

    /// Lays out every trap there is.
    pub async fn set_traps(&self) {
        self.client.batch_execute(include_str!("set.sql")).await.expect("traps");
    }

    /// Runs a statement in a transaction that is not kept, and says how it failed.
    pub async fn attempt(&self, statement: &str) -> Result<(), String> {
        self.client.batch_execute("begin").await.expect("begin");
        let result = self.client.batch_execute(statement).await;
        self.client.batch_execute("rollback").await.expect("rollback");
        result.map_err(|error| error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string))
    }

    /// As whom, and by what, traps sprang since the last time: `billing_owner by the type uuid`.
    pub fn sprung(&self) -> Vec<String> {
        self.take("sprung as ")
    }

    /// The rows that a function of the attacker's was shown since the last time.
    pub fn leaked(&self) -> Vec<String> {
        self.take("leaked ")
    }

    fn take(&self, before: &str) -> Vec<String> {
        let all = std::mem::take(&mut *self.notices.lock().expect("notices"));
        all.iter().filter_map(|notice| notice.strip_prefix(before)).map(str::to_owned).collect()
    }
}
