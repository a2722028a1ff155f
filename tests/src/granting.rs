//! What Stripe's side of a subscription grants, by other code than that which is tested.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::TestApp;
use crate::model::plan_of;

/// Plans, lowest first.
const PLANS: [&str; 3] = ["pilot", "pro", "enterprise"];

/// How far our clock and Stripe's may be apart, in seconds, and what one second holds besides.
const BLUR: i64 = 2;

/// By what the database knows of a subscription's past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// All of its events were delivered.
    Events,
    /// Stripe was asked now and then, and what was paid in between nobody saw.
    Reads,
}

/// The ranks that one subscription may grant now; 0 is nothing. More than one only where nobody can know: a
/// past due one grants what was paid last, and of two states in one second none is known to be the later one.
fn ranks(t: &TestApp, subscription: &Value, known: Known) -> BTreeSet<usize> {
    let rank = |state: &Value| {
        let key = state.pointer("/items/data/0/price/lookup_key").and_then(Value::as_str).unwrap_or_default();
        PLANS.iter().position(|plan| *plan == plan_of(key)).unwrap_or_default()
    };
    let status = subscription["status"].as_str().unwrap_or_default();
    if !["active", "trialing", "past_due"].contains(&status)
        || subscription["pause_collection"]["behavior"] == "void"
    {
        return BTreeSet::from([0]);
    }
    if status != "past_due" {
        return BTreeSet::from([rank(subscription)]);
    }
    let states: Vec<Value> = t
        .stripe
        .events()
        .into_iter()
        .filter(|event| event["data"]["object"]["id"] == subscription["id"])
        .collect();
    let paid: Vec<(i64, usize)> = states
        .iter()
        .enumerate()
        .filter(|(place, event)| {
            event["data"]["object"]["status"] == "active" && !fails(event, &states[place + 1..])
        })
        .map(|(_, event)| (event["created"].as_i64().unwrap_or_default(), rank(&event["data"]["object"])))
        .collect();
    if known == Known::Reads {
        return paid.iter().map(|(_, rank)| *rank).chain([0, rank(subscription)]).collect();
    }
    let Some((last, _)) = paid.last() else { return BTreeSet::from([0]) };
    let blurred = paid.iter().rposition(|(created, _)| *created < last - BLUR).unwrap_or_default();
    paid[blurred..].iter().map(|(_, rank)| *rank).collect()
}

/// Whether an active state was never paid: the next one is past due with the same items in the same period.
fn fails(event: &Value, later: &[Value]) -> bool {
    let what = |event: &Value| {
        let item = &event["data"]["object"]["items"]["data"][0];
        [&item["price"]["id"], &item["quantity"], &item["current_period_start"]].map(Value::to_string)
    };
    let next = later.iter().find(|next| {
        what(next) != what(event) || next["data"]["object"]["status"] != event["data"]["object"]["status"]
    });
    next.is_some_and(|next| what(next) == what(event) && next["data"]["object"]["status"] == "past_due")
}

/// The plans that an organization may have by these subscriptions: the highest that one of them grants.
pub fn plans<'a>(
    t: &TestApp,
    subscriptions: impl IntoIterator<Item = &'a Value>,
    known: Known,
) -> BTreeSet<&'static str> {
    let mut highest = BTreeSet::from([0]);
    for subscription in subscriptions {
        let ranks = ranks(t, subscription, known);
        highest = highest.iter().flat_map(|one| ranks.iter().map(move |other| *one.max(other))).collect();
    }
    highest.into_iter().map(|rank| PLANS[rank]).collect()
}

/// The seats that a subscription pays for, if it is not past due: those included times the quantity.
pub fn seats(subscription: &Value) -> i64 {
    let status = subscription["status"].as_str().unwrap_or_default();
    if !["active", "trialing"].contains(&status) || subscription["pause_collection"]["behavior"] == "void" {
        return 0;
    }
    let item = &subscription["items"]["data"][0];
    let included = match plan_of(item["price"]["lookup_key"].as_str().unwrap_or_default()) {
        "enterprise" => 5,
        "pro" | "pilot" => 1,
        _ => 0,
    };
    included * item["quantity"].as_i64().unwrap_or(1)
}
