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
    let mut states: Vec<Value> = t.stripe.events();
    states.retain(|event| event["data"]["object"]["id"] == subscription["id"]);
    let states: Vec<State<'_>> =
        states.iter().map(|event| State::of(&event["data"]["object"], &event["created"])).collect();
    let (mut paid, mut unsure) = (Vec::new(), BTreeSet::new());
    for (place, state) in states.iter().enumerate().filter(|(_, state)| state.status == "active") {
        if !state.fails(&states[place + 1..]) {
            if paid.is_empty() && state.object["trial_end"].is_i64() {
                // It follows a trial: that its first payment succeeded only an invoice tells, which may come
                // too late.
                unsure.insert(rank(state.object));
            } else {
                paid.push((state.created, rank(state.object)));
                unsure.clear();
            }
        } else if !state.sells_the_same(&State::of(subscription, &Value::Null)) {
            // It changed once more while it was past due: whoever is told of both changes in the wrong order
            // cannot see which of them was not paid.
            unsure.insert(rank(state.object));
        }
    }
    if known == Known::Reads {
        return paid.iter().map(|(_, rank)| *rank).chain(unsure).chain([0, rank(subscription)]).collect();
    }
    let Some((last, _)) = paid.last() else { return unsure.into_iter().chain([0]).collect() };
    let blurred = paid.iter().rposition(|(created, _)| *created < last - BLUR).unwrap_or_default();
    paid[blurred..].iter().map(|(_, rank)| *rank).chain(unsure).collect()
}

/// A subscription's state, as an event told it.
struct State<'a> {
    object: &'a Value,
    created: i64,
    status: &'a str,
}

impl<'a> State<'a> {
    fn of(object: &'a Value, created: &Value) -> Self {
        let status = object["status"].as_str().unwrap_or_default();
        Self { object, created: created.as_i64().unwrap_or_default(), status }
    }

    fn sells_the_same(&self, other: &Self) -> bool {
        let what = |state: &Self| {
            let item = &state.object["items"]["data"][0];
            [&item["price"]["id"], &item["quantity"], &item["current_period_start"]].map(Value::to_string)
        };
        what(self) == what(other)
    }

    /// An active state was never paid if the next one is past due with the same items in the same period.
    fn fails(&self, later: &[Self]) -> bool {
        let next = later.iter().find(|next| !self.sells_the_same(next) || next.status != self.status);
        next.is_some_and(|next| self.sells_the_same(next) && next.status == "past_due")
    }
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
