//! POST /api/billing/checkout: a page at Stripe where an owner or admin buys a plan for the organization.

mod change;
mod customer;
mod expire;
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
    let order = Order::read(app, request::json(&request)?)?;
    let opened = match session::open(app, &caller, &order).await {
        Err(ApiError::AlreadySubscribed { price_known: true, .. }) => {
            let portal_url = change::page(app, &caller, &order).await;
            return Err(ApiError::AlreadySubscribed { price_known: true, portal_url });
        }
        opened => opened?,
    };
    let session = opened.session;
    Ok(response::ok(&CheckoutResponse {
        success: true,
        session_id: session.id.to_string(),
        url: session.url.ok_or(Error::Internal("an open checkout session has no url"))?,
        plan_code: order.plan,
        interval: order.interval,
        seats: opened.seats,
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
    /// How many seats, where several of the plan may be bought. Rounded up to what the plan is sold by. One
    /// of the plan if it is not given.
    #[serde(default)]
    #[schemars(schema_with = "schema::optional_seats")]
    seats: Option<u32>,
    /// Where Stripe leads after the payment: an address on an allowed origin. It gets `session_id` and
    /// `orgId`. The frontend's `/billing/success` if it is not given.
    #[serde(default)]
    #[schemars(schema_with = "schema::optional_uri")]
    success_url: Option<String>,
    /// Where Stripe's link back leads, likewise; it gets `orgId`. The frontend's `/billing/canceled` if it is
    /// not given.
    #[serde(default)]
    #[schemars(schema_with = "schema::optional_uri")]
    cancel_url: Option<String>,
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
    /// All seats that the page sells.
    seats: u32,
    /// The organization.
    org_id: OrgId,
}
