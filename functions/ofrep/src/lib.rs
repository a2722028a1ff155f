//! POST /ofrep/v1/evaluate/flags[/{key}]: flags as any OpenFeature SDK asks for them (OpenFeature Remote
//! Evaluation Protocol, 0.1 and 0.2).

mod evaluation;
mod request;

use lambda_http::http::{HeaderValue, StatusCode, header};
use lambda_http::{Body, Request, RequestExt, Response};
use schemars::JsonSchema;
use serde::Serialize;
use shared::app::App;
use shared::db::flags::{self, Flags};
use shared::http::error::ApiError;
use shared::http::etag::{Named, Tag};
use shared::http::evaluation::Unevaluated;
use shared::http::{identity, response};

pub use evaluation::{Evaluation, Metadata, Reason, Source, Variant};
pub use request::{EvaluationContext, EvaluationRequest};

/// Answers with one flag of an organization, or with all of them, or 304 if the caller has them already.
///
/// # Errors
/// [`ApiError::NotAMember`] also where there is no such organization.
pub async fn handle(app: &App, request: Request) -> Result<Response<Body>, ApiError> {
    let caller = identity::require(app, &request).await?;
    let key = request.path_parameters_ref().and_then(|named| named.first("key"));
    let org = request::organization(&request, key)?;
    let read = flags::read(app.db()?, caller.user, org).await?.ok_or(ApiError::NotAMember)?;
    match key {
        Some(key) => one(&read, key),
        None => all(&read, &Named::read(request.headers())),
    }
}

fn one(read: &Flags, key: &str) -> Result<Response<Body>, ApiError> {
    let flag = read
        .flags
        .iter()
        .find(|flag| flag.key == key)
        .ok_or_else(|| ApiError::Unevaluated { key: Some(key.to_owned()), why: Unevaluated::FlagNotFound })?;
    Ok(response::ok(&Evaluation::of(flag, &read.plan_code)))
}

fn all(read: &Flags, named: &Named) -> Result<Response<Body>, ApiError> {
    let flags = read.flags.iter().map(|flag| Evaluation::of(flag, &read.plan_code)).collect();
    let mut response = response::ok(&BulkEvaluation { flags });
    let tag = match response.body() {
        Body::Text(text) => Tag::of(text.as_bytes(), None),
        _ => Tag::of(&[], None),
    };
    let known = named.known(&tag);
    if known.is_some() {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::Empty;
        response.headers_mut().remove(header::CONTENT_TYPE);
    }
    let headers = response.headers_mut();
    headers.insert(header::ETAG, known.unwrap_or(tag).header()?);
    // The caller's own copy, to be asked about each time: `no-store` would forbid the 304.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}

/// All flags of an organization.
#[derive(Serialize, JsonSchema)]
pub struct BulkEvaluation<'a> {
    /// Every flag of the catalogue, by name.
    flags: Vec<Evaluation<'a>>,
}
