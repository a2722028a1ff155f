//! What a subscription schedule and its phases consist of, field by field.

use serde_json::{Value, json};

use super::subscription_items::{Period, items};
use crate::store::{Kind, Store};

/// A schedule that is in its first phase, not stored yet.
pub(crate) fn blank(store: &Store, subscription: &Value, phases: Vec<Value>) -> Value {
    json!({
        "id": store.new_id(Kind::SubscriptionSchedule),
        "object": "subscription_schedule",
        "application": null,
        "billing_mode": subscription["billing_mode"],
        "canceled_at": null,
        "completed_at": null,
        "created": store.now(),
        "current_phase": { "start_date": phases[0]["start_date"], "end_date": phases[0]["end_date"] },
        "customer": subscription["customer"],
        "customer_account": null,
        "default_settings": {
            "application_fee_percent": null,
            "automatic_tax": subscription["automatic_tax"],
            "billing_cycle_anchor": "automatic",
            "billing_thresholds": null,
            "collection_method": subscription["collection_method"],
            "default_payment_method": subscription["default_payment_method"],
            "default_source": null,
            "description": subscription["description"],
            "invoice_settings": {
                "account_tax_ids": null,
                "custom_fields": null,
                "days_until_due": null,
                "description": null,
                "footer": null,
                "issuer": { "type": "self" },
            },
            "on_behalf_of": null,
            "transfer_data": null,
        },
        "end_behavior": "release",
        "livemode": store.livemode,
        "metadata": {},
        "pause_schedules": [],
        "phases": phases,
        "released_at": null,
        "released_subscription": null,
        "status": "active",
        "subscription": subscription["id"],
        "test_clock": subscription["test_clock"],
    })
}

/// A subscription's items as they are billed in a period.
pub(crate) fn phase(subscription: &Value, period: Period) -> Value {
    // A trial is a period of its own.
    let trial_end = subscription["trial_end"].as_i64().filter(|end| *end == period.end);
    json!({
        "add_invoice_items": [],
        "application_fee_percent": null,
        "automatic_tax": subscription["automatic_tax"],
        "billing_cycle_anchor": null,
        "billing_thresholds": null,
        "collection_method": null,
        "currency": subscription["currency"],
        "default_payment_method": null,
        "default_tax_rates": [],
        "description": null,
        "discounts": [],
        "end_date": period.end,
        "invoice_settings": null,
        "items": items(subscription).iter().map(item).collect::<Vec<_>>(),
        "metadata": {},
        "on_behalf_of": null,
        "proration_behavior": "none",
        "start_date": period.start,
        "transfer_data": null,
        "trial_end": trial_end,
    })
}

fn item(item: &Value) -> Value {
    json!({
        "billing_thresholds": null,
        "discounts": [],
        "metadata": {},
        "plan": item["price"]["id"],
        "price": item["price"]["id"],
        "quantity": item["quantity"],
        "tax_rates": [],
    })
}
