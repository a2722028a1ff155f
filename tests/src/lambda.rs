//! Lambda's Invoke with the real handlers behind it, in this process: what the local gateway stands in front
//! of.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use lambda_http::{Body, Response};
use serde_json::{Value, json};
use shared::serve::answer;
use tokio::net::TcpListener;

use crate::TestApp;

#[derive(Clone)]
struct Functions {
    app: Arc<TestApp>,
    events: Arc<std::sync::Mutex<Vec<Value>>>,
}

/// Serves the functions of an app, and returns the port and the events that they got.
pub async fn serve_functions(app: Arc<TestApp>) -> (u16, Arc<std::sync::Mutex<Vec<Value>>>) {
    let events = Arc::default();
    let functions = Functions { app, events: Arc::clone(&events) };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let router =
        Router::new().route("/2015-03-31/functions/{name}/invocations", post(invoke)).with_state(functions);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (port, events)
}

async fn invoke(
    State(functions): State<Functions>,
    Path(name): Path<String>,
    Json(event): Json<Value>,
) -> (StatusCode, Json<Value>) {
    functions.events.lock().expect("no test panics with it").push(event.clone());
    let request = lambda_http::request::from_str(&event.to_string()).expect("a function's event");
    let app = &functions.app.app;
    let response = match name.as_str() {
        "checkout" => answer(app, checkout::handle, request).await,
        "entitlements" => answer(functions.app.reader(), entitlements::handle, request).await,
        "sync" => answer(app, sync::handle, request).await,
        "ofrep" => answer(functions.app.reader(), ofrep::handle, request).await,
        "plans" => answer(functions.app.reader(), plans::handle, request).await,
        "health" => answer(functions.app.reader(), health::handle, request).await,
        "webhook" => answer(app, webhook::handle, request).await,
        _ => return (StatusCode::NOT_FOUND, Json(json!({ "message": "no such function" }))),
    };
    (StatusCode::OK, Json(as_answer(&response)))
}

/// Payload format 2.0.
fn as_answer(response: &Response<Body>) -> Value {
    let text = |value: &lambda_http::http::HeaderValue| value.to_str().expect("headers are text").to_owned();
    let headers: BTreeMap<_, _> =
        response.headers().iter().map(|(name, value)| (name.as_str(), text(value))).collect();
    let body = match response.body() {
        Body::Text(text) => Some(text.clone()),
        _ => None,
    };
    json!({ "statusCode": response.status().as_u16(), "headers": headers, "body": body,
        "isBase64Encoded": false })
}
