//! GET /api/entitlements?orgId=: may this organization do X?

use lambda_http::http::{HeaderMap, HeaderValue, StatusCode, header};
use lambda_http::{Body, Request, Response};
use shared::app::App;
use shared::db::entitlements;
use shared::domain::ids::{OrgId, UserId};
use shared::http::entitlements::EntitlementsAnswer;
use shared::http::error::ApiError;
use shared::http::{identity, request};
use shared::recent::EntitlementsRead;
use shared::telemetry::metrics;

/// Answers with the plan and all flags, or 304 if the caller has them already.
///
/// # Errors
/// [`ApiError::NotAMember`] also where there is no such organization.
pub async fn handle(app: &App, request: Request) -> Result<Response<Body>, ApiError> {
    let caller = identity::require(app, &request).await?;
    let org = request::org_id(&request::query(&request, "orgId")?)?;
    let answer = match remembered(app, caller.user, org, request.headers()) {
        Some(answer) => answer,
        None => {
            let at = app.clock.now();
            let entitlements =
                entitlements::read(app.db()?, caller.user, org).await?.ok_or(ApiError::NotAMember)?;
            let read = EntitlementsRead { entitlements, at };
            app.recent.put(caller.user, org, read.clone());
            EntitlementsAnswer::from(read)
        }
    };
    let is_known = tags(request.headers()).any(|tag| tag == "*" || tag == answer.etag);
    let mut response = answer.into_response()?;
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::Empty;
        response.headers_mut().remove(header::CONTENT_TYPE);
    }
    // The caller's own copy, to be asked about each time: `no-store` would forbid the 304.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}

/// What was read a moment ago, unless the caller names something else: that may be newer, or they want what
/// is there now.
fn remembered(app: &App, user: UserId, org: OrgId, headers: &HeaderMap) -> Option<EntitlementsAnswer> {
    let answer = EntitlementsAnswer::from(app.recent.get(user, org, app.clock.now())?);
    if tags(headers).any(|tag| tag != "*" && tag != answer.etag) {
        return None;
    }
    metrics::cache_hit();
    Some(answer)
}

/// What `If-None-Match` names (RFC 9110, 13.1.2: weak comparison, lists, `*`).
fn tags(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).map(|tag| tag.strip_prefix("W/").unwrap_or(tag))
}
