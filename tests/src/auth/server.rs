//! The address that keys are fetched from: it counts, and breaks down when told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What the server answers.
#[derive(Clone, Debug)]
pub enum Behaviour {
    /// This set of keys.
    Keys(Value),
    /// This body.
    Body(String),
    /// An error.
    Broken,
    /// Nothing, for longer than anybody waits.
    Silent,
}

/// A server on this machine.
#[derive(Debug)]
pub struct JwksServer {
    /// Its address, without a slash at the end.
    pub url: String,
    state: Arc<Mutex<(Behaviour, usize)>>,
}

impl JwksServer {
    /// Starts with these keys.
    pub async fn start(keys: Value) -> Self {
        let state = Arc::new(Mutex::new((Behaviour::Keys(keys), 0)));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let router =
            Router::new().route("/auth/v1/.well-known/jwks.json", get(answer)).with_state(state.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, state }
    }

    /// Answers otherwise from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        self.state.lock().expect("no test panics with it").0 = behaviour;
    }

    /// How often it was asked.
    pub fn fetches(&self) -> usize {
        self.state.lock().expect("no test panics with it").1
    }
}

async fn answer(State(state): State<Arc<Mutex<(Behaviour, usize)>>>) -> (StatusCode, String) {
    let behaviour = {
        let mut state = state.lock().expect("no test panics with it");
        state.1 += 1;
        state.0.clone()
    };
    match behaviour {
        Behaviour::Keys(keys) => (StatusCode::OK, json!({ "keys": keys }).to_string()),
        Behaviour::Body(body) => (StatusCode::OK, body),
        Behaviour::Broken => (StatusCode::INTERNAL_SERVER_ERROR, String::new()),
        Behaviour::Silent => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            (StatusCode::OK, String::new())
        }
    }
}
