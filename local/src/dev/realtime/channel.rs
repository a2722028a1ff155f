//! A channel of a socket: who listens, and to what.

use axum::http::{HeaderMap, HeaderValue, header};
use serde_json::{Value, json};
use shared::app::App;
use shared::http::identity::{self, Caller};

use super::binding::Binding;
use super::changes::{Change, Changes};
use super::frame::Frame;

/// Somebody's subscription under one topic.
pub struct Channel {
    join_ref: Value,
    /// None: nobody has signed in. They are told nothing, and hear no refusal.
    token: Option<String>,
    bindings: Vec<Binding>,
}

impl Channel {
    /// The channel that a message joins, with what is answered. Err: why it is not joined.
    pub async fn join(app: &App, join: &Frame, apikey: Option<&str>) -> Result<(Self, Vec<Frame>), Frame> {
        let refused = |reason: String| join.reply("error", &json!({ "reason": reason }));
        let token = given(&join.payload, apikey);
        if let Some(token) = &token {
            who(app, token).await.map_err(|reason| refused(format!("InvalidJWTToken: {reason}")))?;
        }
        let asked = &join.payload["config"]["postgres_changes"];
        let asked = if asked.is_null() { json!([]) } else { asked.clone() };
        let mut bindings: Vec<Binding> = serde_json::from_value(asked)
            .map_err(|error| refused(format!("postgres_changes cannot be read: {error}")))?;
        if let Some(reason) = bindings.iter().find_map(Binding::refusal) {
            return Err(refused(reason));
        }
        (1..).zip(&mut bindings).for_each(|(id, binding)| binding.id = id);
        let join_ref = if join.join_ref.is_null() { &join.reference } else { &join.join_ref };
        let channel = Self { join_ref: join_ref.clone(), token, bindings };
        let mut answers = vec![join.reply("ok", &json!({ "postgres_changes": channel.bindings }))];
        if !channel.bindings.is_empty() {
            answers.push(channel.system(&join.topic, "ok", "Subscribed to PostgreSQL"));
        }
        Ok((channel, answers))
    }

    /// Goes on with another token. Err: the channel is closed, with these words.
    pub async fn renew(&mut self, app: &App, sent: &Frame, apikey: Option<&str>) -> Result<(), Vec<Frame>> {
        let token = given(&sent.payload, apikey);
        if let Some(token) = &token {
            let refused = |reason: String| self.closing(&sent.topic, &format!("InvalidJWTToken: {reason}"));
            who(app, token).await.map_err(refused)?;
        }
        self.token = token;
        Ok(())
    }

    /// What is told of a change: nothing, unless the database shows its row to whoever listens. Err: the
    /// token has expired, and the channel is closed.
    pub async fn tell(
        &self,
        app: &App,
        changes: &Changes,
        topic: &str,
        change: &Change,
    ) -> Result<Option<Frame>, Vec<Frame>> {
        let about = |binding: &&Binding| binding.is_about(&change.table, &change.kind);
        let (Some(token), true) = (&self.token, self.bindings.iter().any(|binding| about(&binding))) else {
            return Ok(None);
        };
        let caller = who(app, token).await.map_err(|reason| self.closing(topic, &reason))?;
        let Some(row) = changes.seen(change, Some(&caller)).await else { return Ok(None) };
        let through = self.bindings.iter().filter(about).filter(|binding| binding.lets_through(&row));
        let ids: Vec<u32> = through.map(|binding| binding.id).collect();
        if ids.is_empty() {
            return Ok(None);
        }
        let payload = json!({ "ids": ids, "data": Changes::told(change, &row) });
        Ok(Some(self.own(topic, "postgres_changes", payload)))
    }

    /// What ends it.
    pub fn closing(&self, topic: &str, why: &str) -> Vec<Frame> {
        vec![self.system(topic, "error", why), self.own(topic, "phx_close", json!({}))]
    }

    /// What follows a leave.
    pub fn closed(&self, topic: &str) -> Frame {
        self.own(topic, "phx_close", json!({}))
    }

    fn system(&self, topic: &str, status: &str, message: &str) -> Frame {
        let channel = topic.strip_prefix("realtime:").unwrap_or(topic);
        let payload = json!({
            "channel": channel, "extension": "postgres_changes", "message": message, "status": status,
        });
        self.own(topic, "system", payload)
    }

    fn own(&self, topic: &str, event: &str, payload: Value) -> Frame {
        Frame {
            join_ref: self.join_ref.clone(),
            reference: Value::Null,
            topic: topic.to_owned(),
            event: event.to_owned(),
            payload,
        }
    }
}

/// The token that a message brings. supabase-js sends its key where nobody has signed in.
fn given(payload: &Value, apikey: Option<&str>) -> Option<String> {
    let token = payload["access_token"].as_str()?;
    (Some(token) != apikey && !token.is_empty()).then(|| token.to_owned())
}

/// Whom a token speaks for, by the checks of the API. Err: why it speaks for nobody.
async fn who(app: &App, token: &str) -> Result<Caller, String> {
    let mut headers = HeaderMap::new();
    let value = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|error| error.to_string())?;
    headers.insert(header::AUTHORIZATION, value);
    identity::bearer(app, &headers).await.map_err(|error| error.to_string())
}
