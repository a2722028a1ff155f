//! What stands inside a subscription: its items, with their period, price and the deprecated `plan`.

use serde_json::{Value, json};

use super::calendar::{Interval, period_end};
use crate::store::{Store, random_id};
use crate::wire::value::{number, text};

/// From when to when something is billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) start: i64,
    pub(crate) end: i64,
}

pub(crate) fn item(store: &Store, subscription: &str, price: &Value, quantity: i64, period: Period) -> Value {
    json!({
        "id": random_id("si_", 14),
        "object": "subscription_item",
        "billing_thresholds": null,
        "created": store.now(),
        "current_period_end": period.end,
        "current_period_start": period.start,
        "discounts": [],
        "metadata": {},
        "plan": plan(price),
        "price": price,
        "quantity": quantity,
        "subscription": subscription,
        "tax_rates": [],
    })
}

/// A price in the words of the older plan object, which typed clients still require.
pub(crate) fn plan(price: &Value) -> Value {
    let recurring = &price["recurring"];
    json!({
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": price["billing_scheme"],
        "created": price["created"],
        "currency": price["currency"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "livemode": price["livemode"],
        "metadata": price["metadata"],
        "meter": null,
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": null,
        "transform_usage": null,
        "trial_period_days": recurring["trial_period_days"],
        "usage_type": recurring["usage_type"],
    })
}

pub(crate) fn items(subscription: &Value) -> &[Value] {
    subscription["items"]["data"].as_array().map_or(&[], Vec::as_slice)
}

pub(crate) fn period(subscription: &Value) -> Period {
    let first = &subscription["items"]["data"][0];
    Period { start: number(&first["current_period_start"]), end: number(&first["current_period_end"]) }
}

pub(crate) fn set_period(subscription: &mut Value, period: Period) {
    for item in subscription["items"]["data"].as_array_mut().into_iter().flatten() {
        item["current_period_start"] = json!(period.start);
        item["current_period_end"] = json!(period.end);
    }
}

/// The period that starts at `start`, by the subscription's anchor and its first price.
pub(crate) fn period_from(subscription: &Value, start: i64) -> Period {
    let interval = Interval::of(&subscription["items"]["data"][0]["price"]);
    Period { start, end: period_end(number(&subscription["billing_cycle_anchor"]), interval, start) }
}

/// What one period costs.
pub(crate) fn amount(subscription: &Value) -> i64 {
    items(subscription)
        .iter()
        .map(|item| number(&item["price"]["unit_amount"]) * number(&item["quantity"]))
        .sum()
}

/// Puts another price or quantity on an item.
pub(crate) fn reprice(item: &mut Value, price: Option<&Value>, quantity: Option<i64>) {
    if let Some(price) = price {
        item["plan"] = plan(price);
        item["price"] = price.clone();
    }
    if let Some(quantity) = quantity {
        item["quantity"] = json!(quantity);
    }
}

pub(crate) fn has_price(subscription: &Value, price: &str) -> bool {
    items(subscription).iter().any(|item| text(&item["price"]["id"]) == price)
}
