//! What `POST /v1/subscriptions/{id}` changes: plan, quantity, scheduled end, trial, pause, metadata.

use serde_json::{Value, json};

use super::discounts;
use super::subscription_bill::{Bill, carry_out, keep_back};
use crate::life::calendar::Interval;
use crate::life::card;
use crate::life::discount_invoice::net_amount;
use crate::life::line_items;
use crate::life::pending_update;
use crate::life::portal_offer::Wish;
use crate::life::subscription::{self, is_ended};
use crate::life::subscription_items::{Period, amount, item, period, period_from, reprice, set_period};
use crate::store::{Kind, Store};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::params::{Params, brackets};

pub(crate) const WRITABLE: [&str; 26] = [
    "automatic_tax.*",
    "billing_cycle_anchor",
    "cancel_at",
    "cancel_at_period_end",
    "cancellation_details.*",
    "collection_method",
    "days_until_due",
    "default_payment_method",
    "description",
    "discounts.*",
    "items.deleted",
    "items.discounts.*",
    "items.id",
    "items.metadata.*",
    "items.price",
    "items.quantity",
    "metadata.*",
    "off_session",
    "pause_collection.behavior",
    "pause_collection.resumes_at",
    "pause_collection",
    "payment_behavior",
    "payment_settings.*",
    "proration_behavior",
    "proration_date",
    "trial_end",
];

/// How a payment that an update asks for, and that fails, is taken.
pub(super) const BEHAVIORS: [&str; 4] =
    ["allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete"];

/// What an update with `pending_if_incomplete` may hold.
const MAY_WAIT: [&str; 10] = [
    "add_invoice_items",
    "billing_cycle_anchor",
    "discounts",
    "expand",
    "items",
    "metadata",
    "payment_behavior",
    "proration_behavior",
    "proration_date",
    "trial_end",
];

pub(crate) fn apply(store: &mut Store, id: &str, params: &Params) -> Answer {
    let before = store.get(Kind::Subscription, id)?.clone();
    if is_ended(&before) {
        let object = params.value().as_object();
        if object
            .is_some_and(|given| given.keys().any(|key| key != "metadata" && key != "cancellation_details"))
        {
            subscription::refuse_ended(&before)?;
        }
    }
    let behavior = payment_behavior(params)?;
    let now = store.now();
    let mut changed = before.clone();
    params.merge_metadata("metadata", &mut changed["metadata"]);
    params.copy(&["description", "default_payment_method", "collection_method"], &mut changed);
    if let Some(method) = params.text("default_payment_method") {
        card::take(&mut changed, method);
    }
    for name in ["comment", "feedback"] {
        if let Some(given) = params.text(&format!("cancellation_details.{name}")) {
            changed["cancellation_details"][name] = json!(given);
        }
    }
    scheduled_end(params, &mut changed, now)?;
    pause_collection(params, &mut changed)?;
    for position in 0..params.list("items").len() {
        change_item(store, params, &format!("items.{position}"), &mut changed)?;
    }
    discounts::change(store, params, &mut changed)?;
    let restarts = restarts_period(params, &before, &mut changed, now)?;
    let bill = Bill::of(store, params, &before, &changed, restarts);
    if card::declines(&changed) && bill.costs() {
        match behavior {
            Some("error_if_incomplete") => return Err(ApiError::card_declined()),
            Some("pending_if_incomplete") => return keep_back(store, id, params, changed, &bill),
            _ => {}
        }
    }
    if !params.list("items").is_empty() || restarts {
        // What is asked for now takes the place of what waited.
        pending_update::discard(store, id)?;
        changed["pending_update"] = Value::Null;
        changed["_pending_invoice"] = Value::Null;
    }
    carry_out(store, id, &before, changed, &bill, behavior)
}

/// What a change costs, in the currency's smallest unit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// At once.
    pub(crate) now: i64,
    /// With each period after that.
    pub(crate) then: i64,
    /// When the first of these is billed, in seconds since 1970.
    pub(crate) next: i64,
}

/// What a change of the one item to this price or quantity costs if it is made now, or, if it `waits`, when
/// the period ends.
pub(crate) fn cost_of(
    store: &Store,
    before: &Value,
    wish: &Wish,
    proration: &str,
    waits: bool,
) -> Result<Cost, ApiError> {
    let mut item = json!({ "id": before["items"]["data"][0]["id"] });
    if let Some(price) = &wish.price {
        item["price"] = json!(price);
    }
    if let Some(quantity) = wish.quantity {
        item["quantity"] = json!(quantity);
    }
    let params = Params::from_json(&json!({ "items": [item], "proration_behavior": proration }));
    let mut changed = before.clone();
    change_item(store, &params, "items.0", &mut changed)?;
    let then = net_amount(store, &changed);
    if waits {
        return Ok(Cost { now: 0, then, next: period(before).end });
    }
    let restarts = restarts_period(&params, before, &mut changed, store.now())?;
    let now = Bill::of(store, &params, before, &changed, restarts).due();
    let next = if restarts { period_from(&changed, store.now()) } else { period(before) }.end;
    Ok(Cost { now, then, next })
}

fn payment_behavior(params: &Params) -> Result<Option<&str>, ApiError> {
    let behavior = params.one_of("payment_behavior", &BEHAVIORS)?;
    let given = params.value().as_object().into_iter().flatten();
    let mut others = given.map(|(name, _)| name.as_str()).filter(|name| !MAY_WAIT.contains(name));
    match (behavior, others.next()) {
        (Some("pending_if_incomplete"), Some(other)) => {
            let message = format!(
                "You can't pass `{other}` when `payment_behavior` is set to `pending_if_incomplete`."
            );
            Err(ApiError::invalid(message).param(other))
        }
        _ => Ok(behavior),
    }
}

/// Sets a subscription to end with its period.
pub(crate) fn schedule_end(subscription: &mut Value, now: i64) {
    subscription["cancel_at_period_end"] = json!(true);
    subscription["cancel_at"] = json!(period(subscription).end);
    subscription["canceled_at"] = json!(now);
    subscription["cancellation_details"]["reason"] = json!("cancellation_requested");
}

fn unschedule_end(subscription: &mut Value) {
    subscription["cancel_at_period_end"] = json!(false);
    subscription["cancel_at"] = Value::Null;
    subscription["canceled_at"] = Value::Null;
    subscription["cancellation_details"]["reason"] = Value::Null;
}

fn scheduled_end(params: &Params, changed: &mut Value, now: i64) -> Result<(), ApiError> {
    let ends = ["cancel_at", "cancel_at_period_end"].iter().any(|name| params.get(name).is_some());
    if let Some(schedule) = changed["schedule"].as_str().filter(|_| ends) {
        return Err(ApiError::invalid(format!(
            "The subscription is managed by the subscription schedule `{schedule}`, and updating any \
             cancelation behavior directly is not allowed. Please update the schedule instead."
        )));
    }
    let was_scheduled = changed["cancel_at_period_end"] == true;
    match params.flag("cancel_at_period_end")? {
        Some(true) if !was_scheduled => schedule_end(changed, now),
        Some(false) if was_scheduled => unschedule_end(changed),
        _ => {}
    }
    if params.unsets("cancel_at") {
        unschedule_end(changed);
    } else if let Some(at) = params.int("cancel_at")? {
        changed["cancel_at"] = json!(at);
        changed["canceled_at"] = json!(now);
        changed["cancellation_details"]["reason"] = json!("cancellation_requested");
    }
    Ok(())
}

fn pause_collection(params: &Params, changed: &mut Value) -> Result<(), ApiError> {
    if params.unsets("pause_collection") {
        changed["pause_collection"] = Value::Null;
    } else if params.get("pause_collection").is_some() {
        params.required("pause_collection.behavior")?;
        let behaviors = ["keep_as_draft", "mark_uncollectible", "void"];
        changed["pause_collection"] = json!({
            "behavior": params.one_of("pause_collection.behavior", &behaviors)?,
            "resumes_at": params.int("pause_collection.resumes_at")?,
        });
    }
    Ok(())
}

fn change_item(store: &Store, params: &Params, name: &str, changed: &mut Value) -> Result<(), ApiError> {
    let price = match params.text(&format!("{name}.price")) {
        Some(price) => Some(line_items::subscribable(store, price, &brackets(&format!("{name}.price")))?),
        None => None,
    };
    let quantity = params.int(&format!("{name}.quantity"))?;
    let deleted = params.flag(&format!("{name}.deleted"))? == Some(true);
    let (id, subscription) = (params.text(&format!("{name}.id")), changed["id"].clone());
    let current = period(changed);
    let Some(items) = changed["items"]["data"].as_array_mut() else { return Ok(()) };
    match (id, price) {
        (Some(id), _) => {
            let found = items.iter_mut().find(|item| item["id"] == id);
            let item = found.ok_or_else(|| {
                ApiError::no_such("subscription item", id, &brackets(&format!("{name}.id")))
            })?;
            reprice(item, price, quantity);
            items.retain(|item| !deleted || item["id"] != id);
        }
        (None, Some(price)) => {
            let subscription = subscription.as_str().unwrap_or_default();
            items.push(item(store, subscription, price, quantity.unwrap_or(1), current));
        }
        (None, None) => return Err(ApiError::missing_param(&brackets(&format!("{name}.price")))),
    }
    Ok(())
}

/// Another interval, the first price with a cost, the end of a trial or a new anchor start a period now.
fn restarts_period(params: &Params, before: &Value, changed: &mut Value, now: i64) -> Result<bool, ApiError> {
    let is_trial = before["status"] == "trialing";
    let interval = |row: &Value| Interval::of(&row["items"]["data"][0]["price"]);
    let costs_anew = amount(before) == 0 && amount(changed) > 0;
    let is_running = matches!(before["status"].as_str(), Some("active" | "past_due"));
    let mut restarts = is_running && (interval(before) != interval(changed) || costs_anew);
    match params.text("trial_end") {
        Some("now") if is_trial => {
            changed["trial_end"] = json!(now);
            restarts = true;
        }
        Some("now") | None => {}
        Some(_) => {
            let end = params.int("trial_end")?.unwrap_or(now);
            let start = period(changed).start;
            changed["trial_end"] = json!(end);
            changed["billing_cycle_anchor"] = json!(end);
            changed["status"] = json!("trialing");
            set_period(changed, Period { start, end });
        }
    }
    restarts |= params.text("billing_cycle_anchor") == Some("now");
    if restarts {
        changed["billing_cycle_anchor"] = json!(now);
    }
    Ok(restarts)
}
