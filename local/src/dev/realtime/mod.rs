//! What the stack needs of Supabase Realtime: `/realtime/v1/websocket`, with changes of our tables for
//! whoever may read them. There is no broadcast and no presence. (Supabase: Realtime protocol; Postgres
//! Changes.)

mod binding;
mod changes;
mod channel;
mod frame;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::any;
use serde::Deserialize;
use serde_json::json;
use shared::app::App;
use shared::clock::Clock;
use shared::config::Config;

use crate::problem::Problem;
use changes::{Change, Changes};
use channel::Channel;
use frame::{Form, Frame};

/// The largest message that is read, in bytes.
const LARGEST: usize = 64 * 1024;

/// Whom it asks.
#[derive(Clone)]
pub struct Realtime {
    /// What checks tokens, as the functions do.
    app: Arc<App>,
    changes: Changes,
}

impl Realtime {
    /// Hears the changes of the database at `url`, and checks tokens as functions with this environment do.
    ///
    /// # Errors
    /// If the database refuses it.
    pub async fn open(url: &str, environment: &[(&'static str, String)]) -> Result<Self, Problem> {
        let named = |name: &str| environment.iter().find(|(known, _)| *known == name);
        let config = Config::from_lookup(|name| named(name).map(|(_, value)| value.clone()));
        Ok(Self { app: Arc::new(App::new(config, Clock::System)), changes: Changes::of(url).await? })
    }
}

#[derive(Debug, Deserialize)]
struct Address {
    vsn: Option<String>,
    apikey: Option<String>,
}

/// The one address.
pub fn routes(realtime: Realtime) -> Router {
    Router::new().route("/realtime/v1/websocket", any(open)).with_state(realtime)
}

async fn open(
    State(realtime): State<Realtime>,
    Query(address): Query<Address>,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade.max_message_size(LARGEST).on_upgrade(move |socket| async move {
        let form = Form::of(address.vsn.as_deref());
        Line { realtime, form, apikey: address.apikey, socket, channels: HashMap::new() }.run().await;
    })
}

/// One socket, with its channels by their topics.
struct Line {
    realtime: Realtime,
    form: Form,
    apikey: Option<String>,
    socket: WebSocket,
    channels: HashMap<String, Channel>,
}

/// The other side is gone.
struct Gone;

impl Line {
    async fn run(mut self) {
        let mut news = self.realtime.changes.heard();
        loop {
            let done = tokio::select! {
                message = self.socket.recv() => match message {
                    Some(Ok(Message::Text(text))) => self.read(&text).await,
                    // No text: broadcast in the second form, which is not here, or the socket's own.
                    Some(Ok(Message::Close(_)) | Err(_)) | None => Err(Gone),
                    Some(Ok(_)) => Ok(()),
                },
                change = news.recv() => match change {
                    Ok(change) => self.spread(&change).await,
                    // Something was missed: its client begins anew.
                    Err(_) => Err(Gone),
                },
            };
            if done.is_err() {
                return;
            }
        }
    }

    async fn read(&mut self, text: &str) -> Result<(), Gone> {
        let Some(sent) = Frame::read(self.form, text) else { return Ok(()) };
        let (app, apikey) = (Arc::clone(&self.realtime.app), self.apikey.clone());
        match sent.event.as_str() {
            "heartbeat" => self.send(&sent.reply("ok", &json!({}))).await,
            "phx_join" => match Channel::join(&app, &sent, apikey.as_deref()).await {
                Ok((channel, answers)) => {
                    self.channels.insert(sent.topic, channel);
                    self.send_all(&answers).await
                }
                Err(refusal) => self.send(&refusal).await,
            },
            "access_token" => {
                let Some(channel) = self.channels.get_mut(&sent.topic) else { return Ok(()) };
                let Err(closing) = channel.renew(&app, &sent, apikey.as_deref()).await else { return Ok(()) };
                self.channels.remove(&sent.topic);
                self.send_all(&closing).await
            }
            "phx_leave" => {
                self.send(&sent.reply("ok", &json!({}))).await?;
                match self.channels.remove(&sent.topic) {
                    Some(channel) => self.send(&channel.closed(&sent.topic)).await,
                    None => Ok(()),
                }
            }
            other => {
                let reason = format!("The local stack does not have {other}");
                self.send(&sent.reply("error", &json!({ "reason": reason }))).await
            }
        }
    }

    async fn spread(&mut self, change: &Change) -> Result<(), Gone> {
        let Realtime { app, changes } = self.realtime.clone();
        let mut told = Vec::new();
        let mut over = Vec::new();
        for (topic, channel) in &self.channels {
            match channel.tell(&app, &changes, topic, change).await {
                Ok(frame) => told.extend(frame),
                Err(closing) => {
                    told.extend(closing);
                    over.push(topic.clone());
                }
            }
        }
        over.iter().for_each(|topic| drop(self.channels.remove(topic)));
        self.send_all(&told).await
    }

    async fn send_all(&mut self, frames: &[Frame]) -> Result<(), Gone> {
        for frame in frames {
            self.send(frame).await?;
        }
        Ok(())
    }

    async fn send(&mut self, frame: &Frame) -> Result<(), Gone> {
        let text = frame.write(self.form);
        self.socket.send(Message::Text(text.into())).await.map_err(|_| Gone)
    }
}
