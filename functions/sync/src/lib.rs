//! POST /api/billing/sync: asks Stripe what an organization has bought and answers as entitlements do. The
//! success page calls it, so that nobody who has just paid waits for a webhook.

use std::time::Instant;

use lambda_http::{Body, Request, Response};
use schemars::JsonSchema;
use serde::Deserialize;
use shared::app::App;
use shared::billing::limits::Limits;
use shared::billing::read_subscriptions;
use shared::db::entitlements::{self, Reading};
use shared::db::subscriptions::{self, Purpose};
use shared::domain::ids::OrgId;
use shared::error::Error;
use shared::http::entitlements::EntitlementsAnswer;
use shared::http::error::ApiError;
use shared::http::{identity, request};
use shared::recent::EntitlementsRead;
use shared::stripe;

/// Reads the organization's subscriptions from Stripe, if nobody did in the last five seconds, and answers
/// with what it has then.
///
/// # Errors
/// [`ApiError::NotAMember`] also where there is no such organization;
/// [`Error::Stripe`] if Stripe cannot be asked.
pub async fn handle(app: &App, request: Request) -> Result<Response<Body>, ApiError> {
    let caller = identity::require(app, &request).await?;
    let wanted: SyncRequest = request::json(&request)?;
    let org = request::org_id(&wanted.org_id)?;
    let (db, stripe) = (app.db()?, app.stripe()?);
    let mut reading = entitlements::read(db, caller.user, org).await?.ok_or(ApiError::NotAMember)?;
    if let Some(inquiry) = subscriptions::begin_sync(db, org, stripe.livemode()).await? {
        let purpose = Purpose { cause: "sync", grace_days: app.config.grace_days, dry_run: false };
        let (resources, limits, asked) = (app.resources(), Limits::default(), Instant::now());
        if let Err(error) = read_subscriptions::of_organization(&resources, purpose, &inquiry, &limits).await
        {
            // Else the next caller would be told what is known here, as if Stripe had said it. If Stripe asks
            // for rest, it has it.
            if matches!(&error, Error::Stripe(why) if !matches!(why, stripe::Error::Throttled { .. })) {
                subscriptions::fail_sync(db, org, stripe.livemode(), asked.elapsed()).await;
            }
            return Err(error.into());
        }
        // Also if nothing differed: an event may have brought it since the first look.
        reading = entitlements::read(db, caller.user, org).await?.ok_or(ApiError::NotAMember)?;
    }
    // With the tag of the same answer to GET: who has it is not answered from what an instance remembers of
    // before, and not by a replica that has not replayed this yet.
    let Reading { entitlements, position } = reading;
    EntitlementsAnswer::from(EntitlementsRead { entitlements, position, at: app.clock.now() })
        .into_response()
        .map_err(ApiError::from)
}

/// Whose subscriptions are to be read from Stripe.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SyncRequest {
    /// The organization.
    #[schemars(with = "OrgId")]
    org_id: String,
}
