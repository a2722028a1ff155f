//! GET /api/entitlements?orgId=: may this organization do X?

use jiff::Timestamp;
use lambda_http::http::{HeaderMap, HeaderValue, StatusCode, header};
use lambda_http::{Body, Request, Response};
use sha2::{Digest, Sha256};
use shared::app::App;
use shared::db::entitlements;
use shared::domain::ids::{OrgId, UserId};
use shared::http::entitlements::{Entitlements, Stamped};
use shared::http::error::ApiError;
use shared::http::{identity, request, response};
use shared::recent::Read;
use shared::telemetry::metrics;

/// Answers with the plan and all flags, or 304 if the caller has them already.
///
/// # Errors
/// [`ApiError::NotAMember`] also where there is no such organization.
pub async fn handle(app: &App, request: Request) -> Result<Response<Body>, ApiError> {
    let caller = identity::require(app.config.identity_source, &request)?;
    let org = request::org_id(&request::query(&request, "orgId")?)?;
    let answer = match remembered(app, caller.user, org, request.headers()) {
        Some(answer) => answer,
        None => {
            let at = app.clock.now();
            let entitlements =
                entitlements::read(app.db()?, caller.user, org).await?.ok_or(ApiError::NotAMember)?;
            let read = Read { entitlements, at };
            app.recent.put(caller.user, org, read.clone());
            Answer::from(read)
        }
    };
    let mut response = if names(request.headers(), &answer.etag) {
        let mut unchanged = Response::new(Body::Empty);
        *unchanged.status_mut() = StatusCode::NOT_MODIFIED;
        unchanged
    } else {
        response::ok(&Stamped::new(answer.entitlements, answer.at))
    };
    // The caller's own copy, to be asked about each time: `no-store` would forbid the 304.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response.headers_mut().insert(
        header::ETAG,
        HeaderValue::from_str(&answer.etag).map_err(|_| ApiError::Internal("the ETag is no header value"))?,
    );
    Ok(response)
}

/// What was read a moment ago, unless the caller has something else already: that may be newer.
fn remembered(app: &App, user: UserId, org: OrgId, headers: &HeaderMap) -> Option<Answer> {
    let answer = Answer::from(app.recent.get(user, org, app.clock.now())?);
    if headers.contains_key(header::IF_NONE_MATCH) && !names(headers, &answer.etag) {
        return None;
    }
    metrics::cache_hit();
    Some(answer)
}

/// What was read, as it is told.
struct Answer {
    entitlements: Entitlements,
    /// A strong validator (RFC 9110, 8.8.3) of everything but the time.
    etag: String,
    at: Timestamp,
}

impl From<Read> for Answer {
    fn from(read: Read) -> Self {
        let entitlements = Entitlements::from(read.entitlements);
        let digest = Sha256::digest(serde_json::to_vec(&entitlements).unwrap_or_default());
        Self { entitlements, etag: format!("\"{}\"", hex::encode(&digest[..12])), at: read.at }
    }
}

/// Whether `If-None-Match` names this tag (RFC 9110, 13.1.2: weak comparison, lists, `*`).
fn names(headers: &HeaderMap, etag: &str) -> bool {
    let tags = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    tags.map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}
