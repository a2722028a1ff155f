//! What is bought, for whom, once it is known to be sold.

use shared::domain::ids::OrgId;
use shared::domain::plan::{Interval, PlanCode};
use shared::http::error::ApiError;
use shared::http::request;

use crate::CheckoutRequest;

/// An order that can be filled.
#[derive(Debug)]
pub struct Order {
    pub org: OrgId,
    pub plan: PlanCode,
    pub interval: Interval,
    /// Finds the price in Stripe.
    pub lookup_key: String,
}

impl TryFrom<CheckoutRequest> for Order {
    type Error = ApiError;

    fn try_from(wanted: CheckoutRequest) -> Result<Self, ApiError> {
        let org = request::org_id(&wanted.org_id)?;
        let plan: PlanCode = wanted.plan_code.parse().map_err(|_| ApiError::InvalidPlan)?;
        let interval: Interval = wanted.interval.parse().map_err(|_| ApiError::InvalidInterval)?;
        let lookup_key = plan.lookup_key(interval).ok_or(ApiError::InvalidInterval)?;
        Ok(Self { org, plan, interval, lookup_key })
    }
}
