//! An answer as a caller sees it.

use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};
use serde_json::Value;

use crate::openapi;

/// Status, headers and body of an answer.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body as JSON, null if it is empty.
    pub body: Value,
    response: Response<Body>,
}

impl Answer {
    /// A function's answer, which openapi.json must tell of.
    #[track_caller]
    pub fn of(function: &str, response: Response<Body>) -> Self {
        let body = match response.body() {
            Body::Text(text) => serde_json::from_str(text).expect("every body is JSON"),
            _ => Value::Null,
        };
        let answer = Self { status: response.status().as_u16(), body, response };
        openapi::assert_documented(function, answer.status, &answer.body, |name| {
            answer.header(name).map(str::to_owned)
        });
        answer
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name).map(|value| value.to_str().expect("headers are text"))
    }

    /// The value at a JSON pointer, as text; empty if it is not there.
    pub fn text(&self, pointer: &str) -> &str {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// Asserts a failure: its status, its code, and the shape that every failure has.
    #[track_caller]
    pub fn assert_failure(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.text("/code")), (status, code), "{}", self.body);
        assert_eq!(self.body["success"], false);
        assert!(!self.text("/error").is_empty() && !self.text("/requestId").is_empty(), "{}", self.body);
        // With one code comes where to go on.
        let more = code == "already_subscribed" && self.body["portalUrl"].is_string();
        assert_eq!(
            self.body.as_object().map(|o| o.len()),
            Some(4 + usize::from(more)),
            "a failure tells nothing else: {}",
            self.body
        );
    }

    /// Asserts a webhook's outcome.
    #[track_caller]
    pub fn assert_outcome(&self, outcome: &str) {
        assert_eq!((self.status, self.text("/outcome")), (StatusCode::OK.as_u16(), outcome), "{}", self.body);
    }
}
