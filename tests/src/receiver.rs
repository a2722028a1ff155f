//! An application's URL for notifications: what it was sent, and what it answers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::routing::post;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use standardwebhooks::Webhook;

/// A running receiver.
#[derive(Clone, Debug)]
pub struct Receiver {
    /// What it knows the sender by.
    pub secret: String,
    /// Its URL.
    pub url: String,
    state: Arc<Mutex<Received>>,
}

#[derive(Debug, Default)]
struct Received {
    messages: Vec<(HeaderMap, Bytes)>,
    answers: VecDeque<Reply>,
}

/// What it answers once.
#[derive(Clone, Copy, Debug)]
pub enum Reply {
    /// This status.
    Status(u16),
    /// This status, and when to come again.
    Later(u16, &'static str),
    /// A way to somewhere else.
    Redirect(&'static str),
    /// Nothing.
    Hang,
}

impl Receiver {
    /// One that answers 204.
    pub async fn start() -> Self {
        let state = Arc::new(Mutex::new(Received::default()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let router = Router::new().route("/hook", post(receive)).with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { secret: format!("whsec_{}", BASE64_STANDARD.encode([7; 32])), url, state }
    }

    /// The variables of a function that tells it.
    pub fn variables(&self) -> [(&str, &str); 2] {
        [("NOTIFY_URL", &self.url), ("NOTIFY_SECRET", &self.secret)]
    }

    /// What it answers to the next messages, one after the other; 204 to those behind them.
    pub fn answer(&self, replies: impl IntoIterator<Item = Reply>) {
        self.state.lock().expect("no test panics with it").answers.extend(replies);
    }

    /// What it was sent since this was last called, in the order in which it came. Each message has a good
    /// signature.
    pub fn take(&self) -> Vec<(HeaderMap, Value)> {
        let messages = std::mem::take(&mut self.state.lock().expect("no test panics with it").messages);
        let webhook = Webhook::new(&self.secret).expect("a secret");
        let verified = messages.into_iter().map(|(headers, body)| {
            webhook.verify(&body, &headers).expect("a good signature");
            (headers, serde_json::from_slice(&body).expect("JSON"))
        });
        verified.collect()
    }
}

async fn receive(
    State(state): State<Arc<Mutex<Received>>>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, HeaderMap) {
    let reply = {
        let mut state = state.lock().expect("no test panics with it");
        state.messages.push((headers, body));
        state.answers.pop_front().unwrap_or(Reply::Status(204))
    };
    let mut headers = HeaderMap::new();
    let mut with = |name: &'static str, value| {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    };
    let status = match reply {
        Reply::Status(status) => status,
        Reply::Later(status, when) => {
            with("retry-after", when);
            status
        }
        Reply::Redirect(to) => {
            with("location", to);
            307
        }
        Reply::Hang => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            204
        }
    };
    (StatusCode::from_u16(status).expect("a status"), headers)
}
