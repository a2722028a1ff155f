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
    /// None: the one in which most pay.
    pub currency: Option<String>,
}

/// The refusal of an order in a currency in which the plan is not sold.
pub fn not_in_that_currency() -> ApiError {
    ApiError::InvalidRequest(
        "The field currency names none in which the plan is sold by that interval".to_owned(),
    )
}

impl TryFrom<CheckoutRequest> for Order {
    type Error = ApiError;

    fn try_from(wanted: CheckoutRequest) -> Result<Self, ApiError> {
        let org = request::org_id(&wanted.org_id)?;
        let plan: PlanCode = wanted.plan_code.parse().map_err(|_| ApiError::InvalidPlan)?;
        let interval: Interval = wanted.interval.parse().map_err(|_| ApiError::InvalidInterval)?;
        let currency = wanted.currency.map(|word| word.to_ascii_lowercase());
        let is_iso = |word: &String| word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_lowercase());
        match currency {
            Some(word) if !is_iso(&word) => Err(not_in_that_currency()),
            currency => Ok(Self { org, plan, interval, currency }),
        }
    }
}
