//! Lambda's Runtime API (AWS, "Using the Lambda runtime API for custom runtimes"), as much of it as the
//! runtime asks for: invocations are put in, programs take them out and answer.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::routing::{get, post};
use serde_json::Value;
use tokio::sync::{Notify, oneshot};
use uuid::Uuid;

/// A running Runtime API.
#[derive(Clone, Debug)]
pub struct RuntimeApi {
    /// Host and port, as `AWS_LAMBDA_RUNTIME_API` has them.
    pub address: String,
    state: Arc<Work>,
}

#[derive(Debug, Default)]
struct Work {
    waiting: Mutex<VecDeque<(String, String)>>,
    arrived: Notify,
    idle: Notify,
    answers: Mutex<HashMap<String, oneshot::Sender<Value>>>,
}

impl RuntimeApi {
    /// One that nobody has asked anything yet.
    pub async fn start() -> Self {
        let state = Arc::new(Work::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, state }
    }

    /// Returns once a program has asked for work and there is none: it has started.
    pub async fn idle(&self) {
        self.state.idle.notified().await;
    }

    /// Has an event handled, by whichever program asks for it, and returns the answer.
    pub async fn invoke(&self, event: &Value) -> Value {
        let id = Uuid::new_v4().to_string();
        let (sender, receiver) = oneshot::channel();
        self.state.answers.lock().expect("no test panics with it").insert(id.clone(), sender);
        self.state.waiting.lock().expect("no test panics with it").push_back((id, event.to_string()));
        self.state.arrived.notify_one();
        let answer = tokio::time::timeout(Duration::from_secs(20), receiver).await;
        answer.expect("an answer in time").expect("an answer")
    }
}

async fn next(State(work): State<Arc<Work>>) -> (HeaderMap, String) {
    loop {
        let first = work.waiting.lock().expect("no test panics with it").pop_front();
        if let Some((id, event)) = first {
            let mut headers = HeaderMap::new();
            for (name, value) in [
                ("lambda-runtime-aws-request-id", id.as_str()),
                ("lambda-runtime-deadline-ms", "4102444800000"),
                (
                    "lambda-runtime-invoked-function-arn",
                    "arn:aws:lambda:eu-central-1:123456789012:function:f",
                ),
            ] {
                let value = HeaderValue::from_str(value).expect("a value");
                headers.insert(HeaderName::from_static(name), value);
            }
            return (headers, event);
        }
        work.idle.notify_one();
        work.arrived.notified().await;
    }
}

async fn response(State(work): State<Arc<Work>>, Path(id): Path<String>, body: String) -> StatusCode {
    let waiting = work.answers.lock().expect("no test panics with it").remove(&id);
    let answer = serde_json::from_str(&body).expect("every answer is JSON");
    // Err: the test has given up.
    let _ = waiting.expect("an invocation of ours").send(answer);
    StatusCode::ACCEPTED
}
