//! What AWS does with a request before it asks a function: refuses what is malformed, and says itself how it
//! came in.

use axum::body::{Body, Bytes, to_bytes};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::LengthLimitError;
use url::Url;

/// The largest payload that Lambda takes, in bytes.
const LARGEST_BODY: usize = 6 * 1024 * 1024;
/// The largest request line with all headers that API Gateway takes, in bytes (AWS: Quotas for HTTP APIs).
const LARGEST_HEAD: usize = 10_240;

/// A refusal: status and message.
pub type Refusal = (StatusCode, &'static str);

/// Checks the head. The functions' runtime makes a URL of `Host` and `X-Forwarded-Proto`, and ends where they
/// make none.
pub fn head(head: &mut Parts) -> Result<(), Refusal> {
    let size: usize = head.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if size + head.uri.to_string().len() > LARGEST_HEAD {
        return Err((StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "Request Header Fields Too Large"));
    }
    if !has_one_host(&head.headers) {
        return Err((StatusCode::BAD_REQUEST, "Bad Request"));
    }
    for (name, value) in [("x-forwarded-for", "127.0.0.1"), ("x-forwarded-proto", "http")] {
        head.headers.insert(name, HeaderValue::from_static(value));
    }
    Ok(())
}

/// RFC 9112, 3.2: anything else is a 400.
fn has_one_host(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next().map(HeaderValue::to_str), hosts.next()) {
        (Some(Ok(host)), None) => {
            let clean = !host.contains(['/', '?', '#', '@', ' ']);
            clean && Url::parse(&format!("http://{host}/")).is_ok()
        }
        _ => false,
    }
}

/// The body, whole.
pub async fn body(body: Body) -> Result<Bytes, Refusal> {
    to_bytes(body, LARGEST_BODY).await.map_err(|error| match error.into_inner().is::<LengthLimitError>() {
        true => (StatusCode::PAYLOAD_TOO_LARGE, "Request Too Long"),
        false => (StatusCode::BAD_REQUEST, "Bad Request"),
    })
}
