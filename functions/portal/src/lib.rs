//! POST /api/billing/portal: a page at Stripe where an owner or admin changes plan, card and seats, or
//! cancels.

mod flow;

use lambda_http::{Body, Request, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::app::App;
use shared::billing::contact;
use shared::billing::portal_session::{self, Visit};
use shared::domain::ids::OrgId;
use shared::error::Error;
use shared::http::error::ApiError;
use shared::http::{identity, request, response, return_url, schema};

use crate::flow::PortalFlow;

/// Opens a customer portal session and answers with its address.
///
/// # Errors
/// [`ApiError::NoCustomer`] before the first checkout. [`ApiError::SharedCustomer`] where the portal would
/// show another organization's subscriptions. [`ApiError::FlowUnavailable`] where it has no page for the one
/// thing.
pub async fn handle(app: &App, request: Request) -> Result<Response<Body>, ApiError> {
    let caller = identity::require(app, &request).await?;
    let asked: PortalRequest = request::json(&request)?;
    let org = request::org_id(&asked.org_id)?;
    let return_url = String::from(return_url::choose(&app.config, asked.return_url.as_deref(), "")?);
    let (account, flow) = flow::read(app, caller.user, org, asked.flow).await?;
    if account.shared {
        return Err(ApiError::SharedCustomer);
    }
    let customer = account.portal_customer.ok_or(ApiError::NoCustomer)?;
    let stripe = app.stripe()?;
    if account.customer.as_ref() == Some(&customer) {
        let with = (app.db()?, stripe);
        contact::tell(with, caller.user, caller.email.as_deref(), org, &customer, account.contact).await?;
    }
    let visit = Visit {
        customer: &customer,
        subscription: account.portal_subscription.as_ref(),
        return_url: &return_url,
        done_url: &return_url,
    };
    let opened = portal_session::open(stripe, visit, flow.as_ref().map(flow::Known::as_flow)).await;
    let url = opened.map_err(|error| match error {
        // Deleted in Stripe's dashboard: the next checkout makes a new one.
        Error::Stripe(error) if error.is_missing("customer") => ApiError::NoCustomer,
        error => error.into(),
    })?;
    let url = url.ok_or(ApiError::FlowUnavailable)?;
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
    /// The one thing that it is opened for. Without one it begins with an overview.
    #[serde(default)]
    flow: Option<PortalFlow>,
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
