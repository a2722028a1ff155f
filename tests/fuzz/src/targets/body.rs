//! Request bodies of the routes that people call.

use std::sync::LazyLock;

use checkout::CheckoutRequest;
use lambda_http::http::Request as HttpRequest;
use lambda_http::{Body, Request};
use portal::PortalRequest;
use serde_json::Value;
use shared::domain::origin::Origin;
use shared::http::error::ApiError;
use shared::http::{request, return_url};
use sync::SyncRequest;
use url::Url;

static BASE: LazyLock<Url> = LazyLock::new(|| "https://app.example.com".parse().expect("an address"));
static ADMIN: LazyLock<Origin> =
    LazyLock::new(|| Origin::of(&"http://localhost:3000".parse().expect("an address")).expect("an origin"));

/// Only one JSON object is a request, and only addresses of our own origins are ones to return to.
pub fn run(input: &[u8]) {
    for request in [as_text(input), Some(with(Body::Binary(input.to_vec())))].into_iter().flatten() {
        let read = [
            request::json::<CheckoutRequest>(&request).map(drop),
            request::json::<PortalRequest>(&request).map(drop),
            request::json::<SyncRequest>(&request).map(drop),
        ];
        for result in read {
            check(input, result);
        }
    }
    if let Ok(text) = std::str::from_utf8(input) {
        let _ = request::org_id(text);
        returns(text);
        if let Ok(Value::Object(fields)) = serde_json::from_str(text) {
            fields.values().filter_map(Value::as_str).for_each(returns);
        }
    }
}

fn as_text(input: &[u8]) -> Option<Request> {
    Some(with(Body::Text(String::from_utf8(input.to_vec()).ok()?)))
}

fn with(body: Body) -> Request {
    HttpRequest::builder().method("POST").uri("/api/billing").body(body).expect("a request")
}

fn check(input: &[u8], result: Result<(), ApiError>) {
    match result {
        Ok(()) => {
            let value: Value = serde_json::from_slice(input).expect("what is taken is JSON");
            assert!(value["orgId"].is_string(), "{value}");
        }
        Err(ApiError::InvalidRequest(sentence)) => assert!(sentence.chars().count() < 1024, "{sentence}"),
        Err(ApiError::PayloadTooLarge) => assert!(input.len() > request::MAX_BODY),
        Err(other) => panic!("{other}"),
    }
}

fn returns(text: &str) {
    let Some(url) = return_url::parse(text, &BASE, std::slice::from_ref(&*ADMIN)) else { return };
    let written = url.to_string();
    let ours = ["https://app.example.com/", "http://localhost:3000/"];
    assert!(ours.iter().any(|origin| written.starts_with(origin)), "{text:?} leads to {written}");
}
