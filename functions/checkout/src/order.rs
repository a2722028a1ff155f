//! What is bought, for whom, and where the person is led afterwards. Whether it is sold, the database says.

use shared::app::App;
use shared::domain::ids::OrgId;
use shared::domain::plan::{Interval, PlanCode};
use shared::http::error::ApiError;
use shared::http::{request, return_url};

use crate::CheckoutRequest;

/// An order in words that we know.
#[derive(Debug)]
pub struct Order {
    pub org: OrgId,
    pub plan: PlanCode,
    pub interval: Interval,
    /// None: the one in which most pay.
    pub currency: Option<String>,
    /// None: nobody said how many.
    pub seats: Option<u32>,
    /// After the payment, with Stripe's placeholder.
    pub success_url: String,
    /// From Stripe's link back.
    pub cancel_url: String,
    /// After a change in the portal, which knows no session.
    pub changed_url: String,
}

/// The refusal of an order in a currency in which the plan is not sold.
pub fn not_in_that_currency() -> ApiError {
    ApiError::InvalidRequest(
        "The field currency names none in which the plan is sold by that interval".to_owned(),
    )
}

impl Order {
    pub fn read(app: &App, wanted: CheckoutRequest) -> Result<Self, ApiError> {
        let org = request::org_id(&wanted.org_id)?;
        let plan: PlanCode = wanted.plan_code.parse().map_err(|_| ApiError::InvalidPlan)?;
        let interval: Interval = wanted.interval.parse().map_err(|_| ApiError::InvalidInterval)?;
        let currency = wanted.currency.map(|word| word.to_ascii_lowercase());
        let is_iso = |word: &String| word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_lowercase());
        if currency.as_ref().is_some_and(|word| !is_iso(word)) {
            return Err(not_in_that_currency());
        }
        let success = return_url::choose(&app.config, wanted.success_url.as_deref(), "billing/success")?;
        let cancel = return_url::choose(&app.config, wanted.cancel_url.as_deref(), "billing/canceled")?;
        let org_id = org.to_string();
        let with_org = ("orgId", org_id.as_str());
        Ok(Self {
            org,
            plan,
            interval,
            currency,
            seats: wanted.seats,
            success_url: return_url::with_session(success.clone(), &[with_org]),
            cancel_url: return_url::with_fields(cancel, &[with_org]).into(),
            changed_url: return_url::without_session(success, &[with_org]),
        })
    }
}
