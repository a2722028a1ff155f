//! Changes that wait for the end of the paid period. The portal plans them, a renewal carries them out.

use serde_json::{Value, json};

use super::calendar::Interval;
use super::schedule_shape::{self, phase};
use super::subscription_items::{items, period, period_from, reprice};
use crate::store::{Kind, Store};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::value::{number, text};

/// Releases a subscription from its schedule, if it has one: it stays as it is.
pub(crate) fn let_go(store: &mut Store, subscription: &str) -> Answer {
    if let Some(id) = attached(store.get(Kind::Subscription, subscription)?) {
        close(store, &id, "released", "subscription_schedule.released")?;
    }
    store.change(Kind::Subscription, subscription, "customer.subscription.updated", |row| {
        row["schedule"] = Value::Null;
    })
}

/// Plans another price or quantity of a subscription's one item from the end of its period on, in place of
/// what was planned.
pub(crate) fn plan(store: &mut Store, id: &str, price: Option<&str>, quantity: Option<i64>) -> Answer {
    let subscription = store.get(Kind::Subscription, id)?.clone();
    let mut coming = subscription.clone();
    let price = price.map(|id| store.referenced(Kind::Price, id, "price")).transpose()?;
    reprice(&mut coming["items"]["data"][0], price, quantity);
    let current = period(&subscription);
    anchor_anew(&subscription, &mut coming, current.end);
    let next = phase(&coming, period_from(&coming, current.end));
    if let Some(schedule) = attached(&subscription) {
        store.change(Kind::SubscriptionSchedule, &schedule, "subscription_schedule.updated", |row| {
            let start = row["current_phase"]["start_date"].clone();
            row["current_phase"]["end_date"] = json!(current.end);
            if let Some(phases) = row["phases"].as_array_mut() {
                phases.retain(|phase| number(&phase["start_date"]) <= number(&start));
                phases.last_mut().into_iter().for_each(|phase| phase["end_date"] = json!(current.end));
                phases.push(next);
            }
        })?;
        return Ok(subscription);
    }
    let schedule = schedule_shape::blank(store, &subscription, vec![phase(&subscription, current), next]);
    let schedule = store.insert(Kind::SubscriptionSchedule, schedule);
    store.emit("subscription_schedule.created", &schedule, None);
    store.change(Kind::Subscription, id, "customer.subscription.updated", |row| {
        row["schedule"] = schedule["id"].clone();
    })
}

/// The phase that a subscription's schedule has ahead of it.
pub(crate) fn upcoming<'a>(store: &'a Store, subscription: &Value) -> Option<&'a Value> {
    let schedule = store.table(Kind::SubscriptionSchedule).get(text(&subscription["schedule"]))?;
    let now = number(schedule["current_phase"].get("start_date")?);
    schedule["phases"].as_array()?.iter().find(|phase| number(&phase["start_date"]) > now)
}

/// Takes a subscription whose next period starts then into the phase that is due, or out of a schedule whose
/// phases are over.
pub(crate) fn begin_phase(store: &mut Store, coming: &mut Value, start: i64) -> Result<(), ApiError> {
    let Some(id) = attached(coming) else { return Ok(()) };
    let Some(phase) = upcoming(store, coming).cloned() else {
        if number(&store.get(Kind::SubscriptionSchedule, &id)?["current_phase"]["end_date"]) <= start {
            close(store, &id, "completed", "subscription_schedule.completed")?;
            coming["schedule"] = Value::Null;
        }
        return Ok(());
    };
    if number(&phase["start_date"]) > start {
        return Ok(());
    }
    let before = coming.clone();
    let planned = &phase["items"][0];
    let price = store.referenced(Kind::Price, text(&planned["price"]), "price")?;
    reprice(&mut coming["items"]["data"][0], Some(price), planned["quantity"].as_i64());
    anchor_anew(&before, coming, start);
    store.change(Kind::SubscriptionSchedule, &id, "subscription_schedule.updated", |row| {
        row["current_phase"] = json!({ "start_date": phase["start_date"], "end_date": phase["end_date"] });
    })?;
    Ok(())
}

/// Ends the schedule of a subscription that ends.
pub(crate) fn end_with(store: &mut Store, subscription: &str, reason: Option<&str>) -> Result<(), ApiError> {
    let Some(id) = attached(store.get(Kind::Subscription, subscription)?) else { return Ok(()) };
    let unpaid = reason == Some("payment_failed");
    let event = if unpaid { "subscription_schedule.aborted" } else { "subscription_schedule.canceled" };
    close(store, &id, "canceled", event)
}

fn attached(subscription: &Value) -> Option<String> {
    subscription["schedule"].as_str().map(str::to_owned)
}

fn close(store: &mut Store, id: &str, status: &str, event: &str) -> Result<(), ApiError> {
    let now = store.now();
    store.change(Kind::SubscriptionSchedule, id, event, |row| {
        row["status"] = json!(status);
        row[format!("{status}_at")] = json!(now);
        row["current_phase"] = Value::Null;
        if status != "canceled" {
            row["released_subscription"] = row["subscription"].take();
        }
    })?;
    Ok(())
}

/// Another interval counts from where it begins.
fn anchor_anew(before: &Value, coming: &mut Value, start: i64) {
    let interval = |row: &Value| items(row).first().map(|item| Interval::of(&item["price"]));
    if interval(before) != interval(coming) {
        coming["billing_cycle_anchor"] = json!(start);
    }
}
