//! POST /ofrep/v1/evaluate/flags[/{key}]: flags as any OpenFeature SDK asks for them (OpenFeature Remote
//! Evaluation Protocol, 0.1 and 0.2).

mod evaluation;
mod request;

use lambda_http::http::header;
use lambda_http::{Body, Request, RequestExt, Response};
use schemars::JsonSchema;
use serde::Serialize;
use shared::app::App;
use shared::db::flags::{self, Flags};
use shared::domain::ids::{OrgId, UserId};
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
    let read = read(app, caller.user, org).await?.ok_or(ApiError::NotAMember)?;
    match key {
        Some(key) => one(&read, key),
        None => all(&read, &Named::read(request.headers())),
    }
}

/// Reads at the primary, as OpenFeature does not say how new an answer has to be. If the primary is lost, the
/// replica answers.
async fn read(app: &App, user: UserId, org: OrgId) -> Result<Option<Flags>, ApiError> {
    if let Some(primary) = app.primary() {
        match flags::read(primary, user, org).await {
            Err(error) if error.is_unavailable() => {
                tracing::warn!(target: "billing", %error, "the primary does not answer");
            }
            answered => return Ok(answered?),
        }
    }
    Ok(flags::read(app.db()?, user, org).await?)
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
    let tag = Tag::of(response.body(), None);
    response.headers_mut().insert(header::ETAG, tag.header()?);
    Ok(response::revalidated(response, named.known(&tag).is_some()))
}

/// All flags of an organization.
#[derive(Serialize, JsonSchema)]
pub struct BulkEvaluation<'a> {
    /// Every flag of the catalogue, by name.
    flags: Vec<Evaluation<'a>>,
}
