//! Lambda's Runtime API for instances that may end at any moment: a lane for each process, which no other one
//! can take anything from.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::routing::{get, post};
use serde_json::Value;
use tokio::sync::{Notify, oneshot};
use uuid::Uuid;

/// The Runtime API of all instances. It ends with the runtime.
#[derive(Clone, Debug)]
pub struct Runtime {
    address: String,
    lanes: Lanes,
}

type Lanes = Arc<Mutex<HashMap<String, Arc<Lane>>>>;

/// What one process is asked.
#[derive(Debug, Default)]
pub struct Lane {
    asked: Mutex<Option<Asked>>,
    arrived: Notify,
    answer: Mutex<Option<oneshot::Sender<Value>>>,
}

#[derive(Debug)]
struct Asked {
    event: String,
    deadline: String,
}

impl Runtime {
    /// One without any instance.
    pub async fn start() -> Self {
        let lanes = Lanes::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let router = Router::new()
            .route("/{lane}/2018-06-01/runtime/invocation/next", get(next))
            .route("/{lane}/2018-06-01/runtime/invocation/{id}/response", post(finish))
            .route("/{lane}/2018-06-01/runtime/invocation/{id}/error", post(finish))
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(&lanes));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, lanes }
    }

    /// A lane for a new process, and its address as `AWS_LAMBDA_RUNTIME_API` has it.
    pub fn lane(&self) -> (Arc<Lane>, String) {
        let (lane, name) = (Arc::<Lane>::default(), Uuid::new_v4().simple().to_string());
        let address = format!("http://{}/{name}", self.address);
        self.lanes.lock().expect("no test panics with it").insert(name, Arc::clone(&lane));
        (lane, address)
    }
}

impl Lane {
    /// Asks the process something. `deadline`: Unix milliseconds.
    pub fn ask(&self, event: &Value, deadline: i64) -> oneshot::Receiver<Value> {
        let (sender, receiver) = oneshot::channel();
        *self.answer.lock().expect("no test panics with it") = Some(sender);
        let asked = Asked { event: event.to_string(), deadline: deadline.to_string() };
        *self.asked.lock().expect("no test panics with it") = Some(asked);
        self.arrived.notify_one();
        receiver
    }
}

fn of(lanes: &Lanes, name: &str) -> Option<Arc<Lane>> {
    lanes.lock().expect("no test panics with it").get(name).cloned()
}

async fn next(
    State(lanes): State<Lanes>,
    Path(name): Path<String>,
) -> Result<(HeaderMap, String), StatusCode> {
    let lane = of(&lanes, &name).ok_or(StatusCode::NOT_FOUND)?;
    loop {
        let asked = lane.asked.lock().expect("no test panics with it").take();
        if let Some(asked) = asked {
            let mut headers = HeaderMap::new();
            let id = Uuid::new_v4().to_string();
            for (name, value) in [
                ("lambda-runtime-aws-request-id", id.as_str()),
                ("lambda-runtime-deadline-ms", asked.deadline.as_str()),
                (
                    "lambda-runtime-invoked-function-arn",
                    "arn:aws:lambda:eu-central-1:123456789012:function:f",
                ),
            ] {
                let value = HeaderValue::from_str(value).expect("a value");
                headers.insert(HeaderName::from_static(name), value);
            }
            return Ok((headers, asked.event));
        }
        lane.arrived.notified().await;
    }
}

async fn finish(
    State(lanes): State<Lanes>,
    Path((name, _)): Path<(String, String)>,
    body: String,
) -> StatusCode {
    let waiting = of(&lanes, &name).and_then(|lane| lane.answer.lock().expect("no panic").take());
    if let Some(waiting) = waiting {
        // Err: it is not waited for any more.
        let _ = waiting.send(serde_json::from_str(&body).unwrap_or_default());
    }
    StatusCode::ACCEPTED
}
