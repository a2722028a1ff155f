//! What a subscription consists of when it starts, field by field.

use serde_json::{Value, json};

use super::calendar::{Interval, period_end};
use super::subscription_items::{Period, item};
use crate::store::{Kind, Store};

/// What a new subscription is made from, whether a call or a checkout page asks for it.
pub(crate) struct New<'a> {
    pub(crate) customer: &'a str,
    pub(crate) prices: Vec<(Value, i64)>,
    pub(crate) metadata: Value,
    pub(crate) trial_end: Option<i64>,
}

/// Fields that are there, and empty: clients tell an absent field from a null one.
const EMPTY: [&str; 22] = [
    "application",
    "application_fee_percent",
    "billing_cycle_anchor_config",
    "billing_thresholds",
    "cancel_at",
    "canceled_at",
    "customer_account",
    "days_until_due",
    "default_payment_method",
    "default_source",
    "description",
    "ended_at",
    "latest_invoice",
    "next_pending_invoice_item_invoice",
    "on_behalf_of",
    "pause_collection",
    "pending_invoice_item_interval",
    "pending_setup_intent",
    "pending_update",
    "presentment_details",
    "schedule",
    "transfer_data",
];

/// A subscription in its first period, not stored yet.
pub(crate) fn blank(store: &Store, new: New) -> Value {
    let id = store.new_id(Kind::Subscription);
    let now = store.now();
    let first = new.prices.first().map_or(Value::Null, |(price, _)| price.clone());
    let anchor = new.trial_end.unwrap_or(now);
    let regular_end = || period_end(anchor, Interval::of(&first), now);
    let period = Period { start: now, end: new.trial_end.unwrap_or_else(regular_end) };
    let items: Vec<Value> =
        new.prices.iter().map(|(price, quantity)| item(store, &id, price, *quantity, period)).collect();
    let mut subscription = json!({
        "id": id,
        "object": "subscription",
        "automatic_tax": { "enabled": false, "disabled_reason": null, "liability": null },
        "billing_cycle_anchor": anchor,
        "billing_mode": { "type": "flexible", "flexible": { "proration_discounts": "included" } },
        "billing_schedules": [],
        "cancel_at_period_end": false,
        "cancellation_details": { "comment": null, "feedback": null, "reason": null },
        "collection_method": "charge_automatically",
        "created": now,
        "currency": first["currency"],
        "customer": new.customer,
        "default_tax_rates": [],
        "discounts": [],
        "invoice_settings": { "account_tax_ids": null, "issuer": { "type": "self" } },
        "items": {
            "object": "list",
            "data": items,
            "has_more": false,
            "total_count": new.prices.len(),
            "url": format!("/v1/subscription_items?subscription={id}"),
        },
        "livemode": store.livemode,
        "metadata": new.metadata,
        "payment_settings": {
            "payment_method_options": null,
            "payment_method_types": null,
            "save_default_payment_method": "off",
        },
        "start_date": now,
        "status": "incomplete",
        "test_clock": store.clock_of(new.customer),
        "trial_end": new.trial_end,
        "trial_settings": { "end_behavior": { "missing_payment_method": "create_invoice" } },
        "trial_start": new.trial_end.map(|_| now),
    });
    for name in EMPTY {
        subscription[name] = Value::Null;
    }
    subscription
}
