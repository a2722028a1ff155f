//! POST /api/billing/portal: a page at Stripe where an owner or admin changes plan, card and seats, or
//! cancels.

use lambda_http::{Body, Request, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::app::App;
use shared::billing::contact;
use shared::domain::ids::{CustomerId, OrgId};
use shared::error::Error;
use shared::http::error::ApiError;
use shared::http::{billing_admin, identity, request, response, return_url, schema};
use shared::stripe::wire::Object;
use shared::stripe::{self, IdempotencyKey};
use stripe_billing::billing_portal_session::CreateBillingPortalSession;

/// Opens a customer portal session and answers with its address.
///
/// # Errors
/// [`ApiError::NoCustomer`] before the first checkout. [`ApiError::SharedCustomer`] where the portal would
/// show another organization's subscriptions.
pub async fn handle(app: &App, request: Request) -> Result<Response<Body>, ApiError> {
    let caller = identity::require(app, &request).await?;
    let wanted: PortalRequest = request::json(&request)?;
    let org = request::org_id(&wanted.org_id)?;
    let return_url = return_url(app, wanted.return_url.as_deref())?;
    let stripe = app.stripe()?;
    let account = billing_admin::require(app.db()?, caller.user, org, stripe.livemode()).await?;
    if account.shared {
        return Err(ApiError::SharedCustomer);
    }
    let customer = account.portal_customer.ok_or(ApiError::NoCustomer)?;
    if account.customer.as_ref() == Some(&customer) {
        let with = (app.db()?, stripe);
        contact::tell(with, caller.user, caller.email.as_deref(), org, &customer, account.contact).await?;
    }
    let url = open(stripe, customer, return_url).await?;
    Ok(response::ok(&PortalResponse { success: true, url, org_id: org }))
}

/// Whose subscription is to be managed.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PortalRequest {
    /// The organization.
    #[schemars(with = "OrgId")]
    org_id: String,
    /// Where the person is led afterwards: an address on an allowed origin. The frontend if it is not given.
    #[serde(default)]
    #[schemars(schema_with = "schema::optional_uri")]
    return_url: Option<String>,
}

/// The page to send the person to.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PortalResponse {
    #[schemars(schema_with = "schema::always_true")]
    success: bool,
    /// Where to send the person.
    #[schemars(schema_with = "schema::uri")]
    url: String,
    /// The organization.
    org_id: OrgId,
}

fn return_url(app: &App, wanted: Option<&str>) -> Result<String, ApiError> {
    let base = app.config.base_url.as_ref().ok_or(Error::Misconfigured("BASE_URL"))?;
    match wanted {
        None => Ok(base.to_string()),
        Some(text) => {
            let url = return_url::parse(text, base, &app.config.allowed_return_origins)
                .ok_or(ApiError::InvalidReturnUrl)?;
            Ok(url.into())
        }
    }
}

async fn open(stripe: &stripe::Stripe, customer: CustomerId, return_url: String) -> Result<String, ApiError> {
    let request = CreateBillingPortalSession::new().customer(customer.as_str()).return_url(return_url);
    let session: Object = stripe.post(&request, &IdempotencyKey::unique()).await.map_err(|error| {
        // Deleted in Stripe's dashboard: the next checkout makes a new one.
        if error.is_missing("customer") { ApiError::NoCustomer } else { error.into() }
    })?;
    Ok(session.url.ok_or(Error::Internal("the portal session has no url"))?)
}
