//! The HTTP side of the API, v1 and v2: key, version, idempotency, faults, and the log of calls.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, Method, StatusCode, Uri, header};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use serde_json::Value;

use crate::api::{expand, routes};
use crate::emulator::Emulator;
use crate::store::events::Cause;
use crate::store::faults::{self, Fault, RecordedRequest};
use crate::store::idempotency::{self, Replay};
use crate::store::{Store, random_id};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::params::Params;
use crate::wire::{form, v2, versions};

/// One API call, taken apart.
struct Call {
    request: String,
    method: String,
    path: String,
    params: Params,
    key: Option<String>,
    version: String,
}

impl Call {
    fn is_v2(&self) -> bool {
        self.path.starts_with("/v2/")
    }

    fn reply(&self, answer: Answer) -> Reply {
        let (status, body) = match answer {
            Ok(body) => (200, body),
            Err(error) if self.is_v2() => v2::error(&error),
            Err(error) => (error.status, error.body()),
        };
        Reply { at: None, status, body, replay_of: None, retry_after: None }
    }
}

/// An answer before it goes on the wire.
struct Reply {
    /// When it was worked out, on the emulator's clock. None: it was refused before that.
    at: Option<i64>,
    status: u16,
    body: Value,
    replay_of: Option<String>,
    retry_after: Option<u64>,
}

pub(crate) async fn api(
    State(emulator): State<Emulator>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let query = uri.query().unwrap_or_default();
    let is_v2 = uri.path().starts_with("/v2/");
    let params = if is_v2 {
        v2::params(query, &body)
    } else {
        Ok(Params::from_json(&form::parse(&[query.as_bytes(), &body].join(&b'&'))))
    };
    let (params, unreadable) = match params {
        Ok(params) => (params, None),
        Err(error) => (Params::from_json(&Value::Null), Some(error)),
    };
    let takes_key = method == Method::POST || (is_v2 && method == Method::DELETE);
    let call = Call {
        request: random_id("req_", 14),
        method: method.to_string(),
        path: uri.path().to_owned(),
        params,
        key: header("idempotency-key").filter(|_| takes_key),
        version: header("stripe-version").unwrap_or_else(|| versions::NEWEST.to_owned()),
    };
    let allowed = authorize(header("authorization").as_deref(), emulator.secret_key())
        .and_then(|()| versions::check(&call.version))
        .and_then(|()| unreadable.map_or(Ok(()), Err));
    let fault = emulator.act(|store| faults::take(&mut store.faults, &call.method, &call.path));
    let delay = Duration::from_millis(fault.as_ref().map_or(0, |fault| fault.delay_ms));
    let reply = match (allowed, &fault) {
        (Err(error), _) => call.reply(Err(error)),
        (Ok(()), Some(fault)) if !matches!(fault.status, 0 | 200) => failure(&call, fault),
        (Ok(()), Some(Fault { body: Some(body), .. })) => call.reply(Ok(body.clone())),
        (Ok(()), _) => emulator.act(|store| Reply { at: Some(store.now()), ..answer(store, &call, delay) }),
    };
    let is_dropped = fault.is_some_and(|fault| fault.status == 0);
    let status = if is_dropped { 0 } else { reply.status };
    emulator.act(|store| store.requests.push(call.record(status)));
    if !delay.is_zero() {
        emulator.hold_back(delay).await;
    }
    if is_dropped { hang_up() } else { reply.send(&call) }
}

/// Replayed, or worked out: done, expanded, shaped for the version, kept for a replay.
fn answer(store: &mut Store, call: &Call, delay: Duration) -> Reply {
    let fingerprint = idempotency::call(&call.method, &call.path, call.params.value());
    if let Some(key) = &call.key {
        match store.replays.find(key, &fingerprint) {
            Err(error) => return call.reply(Err(error)),
            Ok(Some(kept)) => {
                let (status, body) = (kept.status, kept.body);
                return Reply { at: None, status, body, replay_of: Some(kept.request), retry_after: None };
            }
            Ok(None) => {}
        }
    }
    store.cause = Cause { request: Some(call.request.clone()), idempotency_key: call.key.clone() };
    let done = routes::call(store, &call.method, &call.path, &call.params, &call.version);
    store.cause = Cause::default();
    let shaped = done
        .and_then(|body| expand::apply(store, &call.params, body))
        .map(|body| versions::render(&body, &call.version));
    let reply = call.reply(shaped);
    if let Some(key) = &call.key {
        let replay = Replay { status: reply.status, body: reply.body.clone(), request: call.request.clone() };
        store.replays.keep(key, fingerprint, replay, delay);
    }
    reply
}

/// The key of this account, as a bearer token or as the user name of basic authentication.
fn authorize(header: Option<&str>, secret_key: &str) -> Result<(), ApiError> {
    let unauthorized = |message: String| Err(ApiError::invalid(message).status(401));
    let (scheme, credentials) = header.and_then(|header| header.split_once(' ')).unwrap_or_default();
    let given = match scheme.to_ascii_lowercase().as_str() {
        "bearer" => credentials.trim().to_owned(),
        "basic" => {
            let decoded = BASE64_STANDARD.decode(credentials.trim()).unwrap_or_default();
            let decoded = String::from_utf8_lossy(&decoded).into_owned();
            decoded.split(':').next().unwrap_or_default().to_owned()
        }
        _ => String::new(),
    };
    match given.as_str() {
        "" => unauthorized(
            "You did not provide an API key. You need to provide your API key in the Authorization header, \
             using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
                .into(),
        ),
        key if key == secret_key => Ok(()),
        key => {
            let tail: String = key.chars().skip(key.chars().count().saturating_sub(4)).collect();
            unauthorized(format!("Invalid API Key provided: {}****{tail}", key.get(..8).unwrap_or_default()))
        }
    }
}

fn failure(call: &Call, fault: &Fault) -> Reply {
    let error = match fault.status {
        429 => ApiError::invalid("Too many requests hit the API too quickly.").code("rate_limit"),
        402 => ApiError::card_declined(),
        400..=499 => ApiError::invalid("An injected fault."),
        _ => ApiError::invalid("An injected fault.").kind("api_error"),
    };
    Reply { retry_after: fault.retry_after, ..call.reply(Err(error.status(fault.status))) }
}

/// A body that fails at once: the connection is closed before a byte of the answer is sent.
fn hang_up() -> Response {
    let broken = futures_util::stream::once(async { Err::<Bytes, _>(std::io::Error::other("hung up")) });
    Response::new(Body::from_stream(broken))
}

impl Call {
    fn record(&self, status: u16) -> RecordedRequest {
        RecordedRequest {
            method: self.method.clone(),
            path: self.path.clone(),
            idempotency_key: self.key.clone(),
            api_version: self.version.clone(),
            params: self.params.value().clone(),
            status,
        }
    }
}

/// A time as the header `Date` says it.
fn http_date(second: i64) -> Option<String> {
    DateTimePrinter::new().timestamp_to_rfc9110_string(&Timestamp::from_second(second).ok()?).ok()
}

impl Reply {
    fn send(self, call: &Call) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_string_pretty(&self.body).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
        let mut set = |name: &'static str, value: &str| {
            if let Ok(value) = value.parse() {
                response.headers_mut().insert(name, value);
            }
        };
        if let Some(date) = self.at.and_then(http_date) {
            set("date", &date);
        }
        set("request-id", &call.request);
        set("stripe-version", &call.version);
        if let Some(key) = &call.key {
            set("idempotency-key", key);
        }
        if let Some(original) = &self.replay_of {
            set("idempotent-replayed", "true");
            set("original-request", original);
        }
        if let Some(seconds) = self.retry_after {
            set("retry-after", &seconds.to_string());
        }
        response
    }
}
