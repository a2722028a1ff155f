//! POST /api/billing/checkout: a page at Stripe where an owner or admin buys a plan for the organization.

mod customer;
mod order;
mod session;

use lambda_http::{Body, Request, Response};
use serde::{Deserialize, Serialize};
use shared::app::App;
use shared::domain::ids::OrgId;
use shared::domain::plan::{Interval, PlanCode};
use shared::http::error::ApiError;
use shared::http::{identity, request, response};

use crate::order::Order;

/// Opens a checkout session, or finds the one that was opened a moment ago, and answers with its address.
///
/// # Errors
/// [`ApiError::AlreadySubscribed`] while the organization has a live paid subscription.
pub async fn handle(app: &App, request: Request) -> Result<Response<Body>, ApiError> {
    let caller = identity::require(app.config.identity_source, &request)?;
    let order: Order = request::json::<CheckoutRequest>(&request)?.try_into()?;
    let session = session::open(app, &caller, &order).await?;
    Ok(response::ok(&CheckoutResponse {
        success: true,
        session_id: session.id.to_string(),
        url: session.url.ok_or(ApiError::Internal("an open checkout session has no url"))?,
        plan_code: order.plan,
        interval: order.interval,
        org_id: order.org,
    }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CheckoutRequest {
    org_id: String,
    plan_code: String,
    interval: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CheckoutResponse {
    success: bool,
    session_id: String,
    url: String,
    plan_code: PlanCode,
    interval: Interval,
    org_id: OrgId,
}
