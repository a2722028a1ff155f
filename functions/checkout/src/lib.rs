//! POST /api/billing/checkout: a page at Stripe where an owner or admin buys a plan for the organization.

mod customer;
mod order;
mod session;

use lambda_http::{Body, Request, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::app::App;
use shared::domain::ids::OrgId;
use shared::domain::plan::{Interval, PlanCode};
use shared::error::Error;
use shared::http::error::ApiError;
use shared::http::{identity, request, response, schema};

use crate::order::Order;

/// Opens a checkout session, or finds the one that was opened a moment ago, and answers with its address.
///
/// # Errors
/// [`ApiError::AlreadySubscribed`] while the organization has a live paid subscription.
pub async fn handle(app: &App, request: Request) -> Result<Response<Body>, ApiError> {
    let caller = identity::require(app, &request).await?;
    let order: Order = request::json::<CheckoutRequest>(&request)?.try_into()?;
    let session = session::open(app, &caller, &order).await?;
    Ok(response::ok(&CheckoutResponse {
        success: true,
        session_id: session.id.to_string(),
        url: session.url.ok_or(Error::Internal("an open checkout session has no url"))?,
        plan_code: order.plan,
        interval: order.interval,
        org_id: order.org,
    }))
}

/// What is bought, and for whom.
// Read as text, because each word that is none of ours has a failure of its own.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CheckoutRequest {
    /// The organization that shall have the plan.
    #[schemars(with = "OrgId")]
    org_id: String,
    /// The plan.
    #[schemars(with = "PlanCode")]
    plan_code: String,
    /// How often it is paid.
    #[schemars(with = "Interval")]
    interval: String,
    /// ISO 4217, of a price in `GET /api/billing/plans`. Without it, that of the first of its prices by the
    /// interval.
    #[schemars(extend("pattern" = "^[A-Za-z]{3}$", "examples" = ["usd", "eur"]))]
    currency: Option<String>,
}

/// The page to send the person to.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckoutResponse {
    #[schemars(schema_with = "schema::always_true")]
    success: bool,
    /// Stripe's id of the checkout session.
    session_id: String,
    /// Where to send the person.
    #[schemars(schema_with = "schema::uri")]
    url: String,
    /// The plan.
    plan_code: PlanCode,
    /// How often it is paid.
    interval: Interval,
    /// The organization.
    org_id: OrgId,
}
