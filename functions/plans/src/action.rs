//! What an organization may do with a plan.

use schemars::JsonSchema;
use serde::Serialize;
use shared::db::plans::{SoldPlan, Standing};

/// What may be done with a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "PlanAction")]
pub enum Action {
    /// The organization has it.
    Current,
    /// In a checkout.
    Buy,
    /// In the portal, at once.
    Upgrade,
    /// In the portal, at the end of the period. To the free plan: by canceling.
    Downgrade,
    /// It comes when the subscription, which is canceled, ends.
    Scheduled,
    /// It is not sold on a page.
    Contact,
}

/// What an organization that stands so may do with a plan; `plans` are all there are.
pub fn of(plan: &SoldPlan, standing: &Standing, plans: &[SoldPlan]) -> Action {
    let rank = plans.iter().find(|other| other.code == standing.plan_code).map_or(0, |current| current.rank);
    if plan.code == standing.plan_code {
        return Action::Current;
    }
    if plan.rank == 0 {
        return match (standing.pays, standing.ends) {
            (true, true) => Action::Scheduled,
            (true, false) => Action::Downgrade,
            // What was not bought cannot be canceled.
            (false, _) => Action::Contact,
        };
    }
    if plan.prices.is_empty() {
        return Action::Contact;
    }
    match standing.pays {
        false => Action::Buy,
        true if plan.rank > rank => Action::Upgrade,
        true => Action::Downgrade,
    }
}
