//! What a caller is told of an organization's entitlements, by every route that tells it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lambda_http::http::header;
use lambda_http::{Body, Response};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::domain::discount::Terms;
use crate::domain::entitlement::EntitlementSet;
use crate::domain::ids::OrgId;
use crate::domain::plan::PlanCode;
use crate::domain::schedule::ScheduledChange;
use crate::domain::status::Status;
use crate::error::Error;
use crate::http::etag::Tag;
use crate::http::{response, schema};
use crate::recent::EntitlementsRead;

/// The status of an organization that never had a subscription.
const NEVER_SUBSCRIBED: &str = "none";

/// What an organization may do, and when that was so.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "EntitlementsResponse")]
pub struct Stamped {
    #[schemars(schema_with = "schema::always_true")]
    success: bool,
    #[serde(flatten)]
    entitlements: Entitlements,
    /// When this was read.
    timestamp: Timestamp,
}

/// What was read, ready to be told.
pub struct EntitlementsAnswer {
    told: Stamped,
    /// Names everything but the time, and says where it was read.
    pub tag: Tag,
}

impl From<EntitlementsRead> for EntitlementsAnswer {
    fn from(read: EntitlementsRead) -> Self {
        let entitlements = Entitlements::from(read.entitlements);
        let tag = Tag::of(&serde_json::to_vec(&entitlements).unwrap_or_default(), read.position);
        Self { told: Stamped { success: true, entitlements, timestamp: read.at }, tag }
    }
}

impl EntitlementsAnswer {
    /// 200 with its `ETag`.
    ///
    /// # Errors
    /// Never, as [`Tag::header`].
    pub fn into_response(self) -> Result<Response<Body>, Error> {
        let mut response = response::ok(&self.told);
        response.headers_mut().insert(header::ETAG, self.tag.header()?);
        Ok(response)
    }
}

/// All of the answer but its time.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Entitlements {
    /// The organization that was asked about.
    org_id: OrgId,
    /// The plan in force.
    #[schemars(with = "PlanCode")]
    plan_code: String,
    /// Stripe's status of the subscription that explains the plan, or `none` where there never was one.
    /// Stripe may add to these.
    #[schemars(extend("examples" = statuses()))]
    status: String,
    /// Why the plan is the free one although there is a subscription: a stable word such as `grace_over`,
    /// `collection_paused` or `unknown_price`. Null: nothing needs an explanation.
    reason: Option<String>,
    /// How often the subscription is paid: `day`, `week`, `month` or `year`. Null: there is none.
    interval: Option<String>,
    /// It is paid once in so many intervals.
    interval_count: Option<i32>,
    /// What is taken off its price, in the order that Stripe takes it off. Empty: nothing. Null: it is not
    /// known at the moment, or one of its items has a discount of its own.
    discounts: Option<Vec<Discount>>,
    /// Seats that are paid for, or included.
    #[schemars(range(min = 0))]
    seats: i32,
    /// Members, each of whom takes a seat.
    #[schemars(range(min = 0))]
    seats_used: i32,
    /// How many members are too many, as after a downgrade. Nobody is thrown out. 0: each has a seat.
    #[schemars(range(min = 0))]
    seats_over: i32,
    /// When the paid period ends.
    current_period_end: Option<Timestamp>,
    /// When the subscription ends, if it is canceled.
    cancel_at: Option<Timestamp>,
    /// What the subscription changes to at the end of the period. Null: nothing, or what it changes to is not
    /// known at the moment.
    scheduled: Option<Scheduled>,
    /// While a payment has failed: how long the plan stays on.
    grace_ends_at: Option<Timestamp>,
    /// While there is a trial: when it ends.
    trial_ends_at: Option<Timestamp>,
    /// Stripe collects nothing for the subscription for now.
    collection_paused: bool,
    /// Whether the caller may open a checkout or the portal.
    can_manage_billing: bool,
    /// Every flag of the catalogue, on or off.
    #[schemars(schema_with = "schema::flags")]
    entitlements: BTreeMap<String, bool>,
}

/// A change that waits for the end of the paid period.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Scheduled {
    /// The plan that it changes to.
    #[schemars(with = "PlanCode")]
    plan_code: String,
    /// How often it is paid then: `day`, `week`, `month` or `year`. Null: not known.
    interval: Option<String>,
    /// All seats that it pays for then.
    #[schemars(range(min = 0))]
    seats: i32,
    /// When.
    at: Timestamp,
}

impl From<ScheduledChange> for Scheduled {
    fn from(change: ScheduledChange) -> Self {
        Self { plan_code: change.plan_code, interval: change.interval, seats: change.seats, at: change.at }
    }
}

/// A discount: a percentage or an amount.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Discount {
    /// What customers see of its coupon. Null: the coupon has no name.
    name: Option<String>,
    /// Percent, above 0 and at most 100. Null: it takes an amount off.
    percent_off: Option<f64>,
    /// In the currency's smallest unit. Null: it takes a percentage off.
    amount_off: Option<i64>,
    /// The amount's, ISO 4217 in lower case. Null: it takes a percentage off.
    currency: Option<String>,
    /// `once`, `repeating` or `forever`. Stripe may add to these.
    #[schemars(extend("examples" = ["once", "repeating", "forever"]))]
    duration: String,
    /// When a `repeating` one ends. Null: never, or with the next invoice.
    ends_at: Option<Timestamp>,
}

impl From<Terms> for Discount {
    fn from(terms: Terms) -> Self {
        Self {
            name: terms.name,
            percent_off: terms.percent_off,
            amount_off: terms.amount_off,
            currency: terms.currency,
            duration: terms.duration.unwrap_or_default(),
            ends_at: terms.ends_at,
        }
    }
}

/// What `status` may say today.
fn statuses() -> Vec<String> {
    std::iter::once(NEVER_SUBSCRIBED.to_owned()).chain(Status::KNOWN.map(String::from)).collect()
}

impl Entitlements {
    /// The same by their names, without what is about one caller: for whoever is told of the organization.
    pub fn of_organization(set: EntitlementSet) -> Map<String, Value> {
        match serde_json::to_value(Self::from(set)) {
            Ok(Value::Object(mut told)) => {
                told.remove("canManageBilling");
                told
            }
            // It is an object, with names that are texts.
            _ => Map::new(),
        }
    }
}

impl From<EntitlementSet> for Entitlements {
    fn from(set: EntitlementSet) -> Self {
        Self {
            org_id: set.org,
            plan_code: set.plan_code,
            status: set.status.map_or_else(|| NEVER_SUBSCRIBED.to_owned(), String::from),
            reason: set.reason,
            interval: set.interval,
            interval_count: set.interval_count,
            discounts: set.discounts.map(|all| all.into_iter().map(Discount::from).collect()),
            seats: set.seats,
            seats_used: set.seats_used,
            seats_over: (set.seats_used - set.seats).max(0),
            current_period_end: set.current_period_end,
            cancel_at: set.cancel_at,
            scheduled: set.scheduled.map(Scheduled::from),
            grace_ends_at: set.grace_ends_at,
            trial_ends_at: set.trial_ends_at,
            collection_paused: set.collection_paused,
            can_manage_billing: set.can_manage_billing,
            entitlements: set.features,
        }
    }
}
