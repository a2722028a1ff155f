//! GET /api/billing/plans[?orgId=]: what is sold. Open to anyone; about an organization, for its members.

mod action;

use std::collections::BTreeMap;

use lambda_http::http::{HeaderValue, header};
use lambda_http::{Body, Request, Response};
use schemars::JsonSchema;
use serde::Serialize;
use shared::app::App;
use shared::db::plans::{self, Read, SoldPlan, SoldPrice, Standing};
use shared::domain::plan::{Interval, PlanCode};
use shared::http::error::ApiError;
use shared::http::{identity, request, response, schema};

pub use action::Action;

/// Answers with all plans, lowest rank first; for a member, with what the organization may do with each.
///
/// # Errors
/// [`ApiError::NotAMember`] also where there is no such organization.
pub async fn handle(app: &App, request: Request) -> Result<Response<Body>, ApiError> {
    let asked = match request::optional_query(&request, "orgId")? {
        None => None,
        Some(org) => {
            let caller = identity::require(app, &request).await?;
            Some((caller.user, request::org_id(&org)?))
        }
    };
    let Read { plans, standing } = plans::read(app.db()?, asked).await?;
    if asked.is_some() && standing.is_none() {
        return Err(ApiError::NotAMember);
    }
    let told = |plan: &SoldPlan| Plan::new(plan, standing.as_ref(), &plans, app.config.trial_days);
    let answer = PlansResponse { success: true, plans: plans.iter().map(told).collect() };
    let mut response = response::ok(&answer);
    // Prices change seldom. An organization's own answer is nobody else's.
    let cache = if asked.is_some() { "private, no-store" } else { "public, max-age=60" };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    Ok(response)
}

/// What is sold.
#[derive(Serialize, JsonSchema)]
pub struct PlansResponse {
    #[schemars(schema_with = "schema::always_true")]
    success: bool,
    /// All plans, lowest rank first. The first is what everybody has.
    plans: Vec<Plan>,
}

/// A plan, and for a member what the organization may do with it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Its code.
    #[schemars(with = "PlanCode")]
    plan_code: String,
    /// What customers read.
    name: String,
    /// One line for people. Null: there is none.
    description: Option<String>,
    /// A higher plan has the higher rank.
    rank: i16,
    /// Seats that it includes.
    #[schemars(range(min = 1))]
    seats: i32,
    /// Every flag of the catalogue, on or off.
    #[schemars(schema_with = "schema::flags")]
    entitlements: BTreeMap<String, bool>,
    /// What it costs. Empty: it is not sold on a page. Of several by one interval, the first is what a
    /// checkout sells that names no currency. For a member, a deal of the organization stands in their place.
    prices: Vec<Price>,
    /// What the organization may do with it. Not there: no organization was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Action")]
    action: Option<Action>,
    /// How many days a checkout of it would be free at first. Null: none.
    trial_days: Option<u32>,
}

/// A price of a plan.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PlanPrice")]
pub struct Price {
    /// How often it is paid.
    interval: Interval,
    /// It pays for so many intervals.
    interval_count: i32,
    /// ISO 4217 in lower case.
    currency: String,
    /// In the currency's smallest unit.
    #[schemars(range(min = 0))]
    amount_cents: i32,
    /// Whether it can be bought.
    sold: bool,
}

impl Plan {
    fn new(plan: &SoldPlan, standing: Option<&Standing>, plans: &[SoldPlan], trial_days: u32) -> Self {
        let price = |price: &SoldPrice| Price {
            interval: price.interval,
            interval_count: 1,
            currency: price.currency.clone(),
            amount_cents: price.amount,
            sold: true,
        };
        let prices: Vec<Price> = plan.prices.iter().map(price).collect();
        let is_bought = plan.rank > 0 && !prices.is_empty();
        let is_first = standing.is_none_or(|standing| !standing.had_trial && !standing.pays);
        Self {
            plan_code: plan.code.clone(),
            name: plan.name.clone(),
            description: plan.description.clone(),
            rank: plan.rank,
            seats: plan.seats,
            entitlements: plan.features.clone(),
            prices,
            action: standing.map(|standing| action::of(plan, standing, plans)),
            trial_days: (is_bought && is_first && trial_days > 0).then_some(trial_days),
        }
    }
}
