//! Invoking a function, and its answer as an HTTP response (payload format 2.0).

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;

/// Lambda's Invoke on this machine.
#[derive(Clone)]
pub struct Invoker {
    /// The HTTP client that calls the Lambda runtime.
    pub http: reqwest::Client,
    /// The port of the Lambda runtime.
    pub port: u16,
}

/// The function did not answer, or not as a function of an HTTP API does.
#[derive(Debug)]
pub struct Failed;

impl Invoker {
    /// Calls a function with an event.
    pub async fn call(&self, function: &str, event: &Value) -> Result<Value, Failed> {
        let url = format!("http://127.0.0.1:{}/2015-03-31/functions/{function}/invocations", self.port);
        let answer = self.http.post(url).json(event).send().await.map_err(|_| Failed)?;
        // A function that fails is told by the status here; by AWS in a header, with status 200.
        if !answer.status().is_success() || answer.headers().contains_key("x-amz-function-error") {
            return Err(Failed);
        }
        answer.json().await.map_err(|_| Failed)
    }
}

/// A function's answer as the client gets it.
pub fn response(answer: &Value) -> Result<Response, Failed> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        status_code: u16,
        #[serde(default)]
        headers: HashMap<String, String>,
        #[serde(default)]
        cookies: Vec<String>,
        body: Option<String>,
        #[serde(default)]
        is_base64_encoded: bool,
    }
    let answer = Answer::deserialize(answer).map_err(|_| Failed)?;
    let body = answer.body.unwrap_or_default();
    let body =
        if answer.is_base64_encoded { STANDARD.decode(body).map_err(|_| Failed)? } else { body.into_bytes() };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(answer.status_code).map_err(|_| Failed)?;
    for (name, value) in answer.headers {
        let name: HeaderName = name.parse().map_err(|_| Failed)?;
        response.headers_mut().insert(name, value.parse().map_err(|_| Failed)?);
    }
    for cookie in answer.cookies {
        let value = HeaderValue::from_str(&cookie).map_err(|_| Failed)?;
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    Ok(response)
}
