//! What is bought, and for whom. Whether it is sold, the database says.

use shared::domain::ids::OrgId;
use shared::domain::plan::{Interval, PlanCode};
use shared::http::error::ApiError;
use shared::http::request;

use crate::CheckoutRequest;

/// An order in words that we know.
#[derive(Debug)]
pub struct Order {
    pub org: OrgId,
    pub plan: PlanCode,
    pub interval: Interval,
}

impl TryFrom<CheckoutRequest> for Order {
    type Error = ApiError;

    fn try_from(wanted: CheckoutRequest) -> Result<Self, ApiError> {
        let org = request::org_id(&wanted.org_id)?;
        let plan: PlanCode = wanted.plan_code.parse().map_err(|_| ApiError::InvalidPlan)?;
        let interval: Interval = wanted.interval.parse().map_err(|_| ApiError::InvalidInterval)?;
        Ok(Self { org, plan, interval })
    }
}
