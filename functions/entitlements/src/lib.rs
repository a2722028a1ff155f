//! GET /api/entitlements?orgId=: may this organization do X?

mod read;

use lambda_http::{Body, Request, Response};
use shared::app::App;
use shared::db::entitlements::Reading;
use shared::domain::ids::{OrgId, UserId};
use shared::http::entitlements::EntitlementsAnswer;
use shared::http::error::ApiError;
use shared::http::etag::Named;
use shared::http::{identity, request, response};
use shared::recent::EntitlementsRead;
use shared::telemetry::metrics;

/// Answers with the plan and all flags, or 304 if the caller has them already.
///
/// # Errors
/// [`ApiError::NotAMember`] also where there is no such organization.
pub async fn handle(app: &App, request: Request) -> Result<Response<Body>, ApiError> {
    let caller = identity::require(app, &request).await?;
    let org = request::org_id(&request::query(&request, "orgId")?)?;
    let named = Named::read(request.headers());
    let mut answer = match remembered(app, caller.user, org, &named) {
        Some(answer) => answer,
        None => {
            let at = app.clock.now();
            let Reading { entitlements, position } = read::read(app, caller.user, org, &named).await?;
            let read = EntitlementsRead { entitlements, position, at };
            app.recent.put(caller.user, org, read.clone());
            EntitlementsAnswer::from(read)
        }
    };
    let known = named.known(&answer.tag);
    let is_known = known.is_some();
    if let Some(tag) = known {
        answer.tag = tag;
    }
    Ok(response::revalidated(answer.into_response()?, is_known))
}

/// What was read a moment ago, unless the caller names something else: that may be newer, or they want what
/// is there now.
fn remembered(app: &App, user: UserId, org: OrgId, named: &Named) -> Option<EntitlementsAnswer> {
    let answer = EntitlementsAnswer::from(app.recent.get(user, org, app.clock.now())?);
    if !named.is_content_with(&answer.tag) {
        return None;
    }
    metrics::cache_hit();
    Some(answer)
}
