//! What an invoice and its lines consist of, field by field.

use serde_json::{Value, json};

use super::subscription_items::{Period, period};
use crate::store::{Kind, Store, random_id};
use crate::wire::value::{number, text};

/// Fields that are there, and empty: clients tell an absent field from a null one.
const EMPTY: [&str; 27] = [
    "account_tax_ids",
    "application",
    "automatically_finalizes_at",
    "custom_fields",
    "customer_account",
    "customer_shipping",
    "default_payment_method",
    "default_source",
    "description",
    "due_date",
    "effective_at",
    "ending_balance",
    "footer",
    "from_invoice",
    "hosted_invoice_url",
    "invoice_pdf",
    "last_finalization_error",
    "latest_revision",
    "next_payment_attempt",
    "number",
    "on_behalf_of",
    "receipt_number",
    "rendering",
    "shipping_cost",
    "shipping_details",
    "statement_descriptor",
    "webhooks_delivered_at",
];

const NOTHING: [&str; 7] = [
    "amount_overpaid",
    "amount_paid",
    "amount_shipping",
    "attempt_count",
    "post_payment_credit_notes_amount",
    "pre_payment_credit_notes_amount",
    "starting_balance",
];

const TOTAL: [&str; 6] =
    ["amount_due", "amount_remaining", "subtotal", "subtotal_excluding_tax", "total", "total_excluding_tax"];

const LISTS: [&str; 6] = [
    "customer_tax_ids",
    "default_tax_rates",
    "discounts",
    "total_discount_amounts",
    "total_pretax_credit_amounts",
    "total_taxes",
];

pub(crate) fn line(
    store: &Store,
    invoice: &str,
    subscription: &Value,
    item: &Value,
    share: Option<i64>,
) -> Value {
    let price = &item["price"];
    let quantity = number(&item["quantity"]);
    let is_trial = subscription["status"] == "trialing";
    let full = if is_trial { 0 } else { number(&price["unit_amount"]) * quantity };
    let amount = share.unwrap_or(full);
    let name =
        store.table(Kind::Product).get(text(&price["product"])).map_or("", |product| text(&product["name"]));
    let Period { start, end } = period(subscription);
    json!({
        "id": random_id("il_1", 23),
        "object": "line_item",
        "amount": amount,
        "currency": price["currency"],
        "description": if is_trial {
            format!("Trial period for {name}")
        } else {
            format!("{quantity} × {name}")
        },
        "discount_amounts": [],
        "discountable": true,
        "discounts": [],
        "invoice": invoice,
        "livemode": store.livemode,
        "metadata": subscription["metadata"],
        "parent": {
            "type": "subscription_item_details",
            "invoice_item_details": null,
            "subscription_item_details": {
                "invoice_item": null,
                "proration": share.is_some(),
                "proration_details": null,
                "subscription": subscription["id"],
                "subscription_item": item["id"],
            },
        },
        "period": { "start": start, "end": end },
        "pretax_credit_amounts": [],
        "pricing": {
            "type": "price_details",
            "price_details": { "price": price["id"], "product": price["product"] },
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
        "quantity": quantity,
        "quantity_decimal": quantity.to_string(),
        "subscription": subscription["id"],
        "subtotal": amount,
        "taxes": [],
        "_price": price,
    })
}

pub(crate) fn blank(
    store: &Store,
    id: &str,
    subscription: &Value,
    reason: &str,
    total: i64,
    lines: Vec<Value>,
) -> Value {
    let customer = store.table(Kind::Customer).get(text(&subscription["customer"])).unwrap_or(&Value::Null);
    let Period { start, end } = period(subscription);
    let mut invoice = json!({
        "id": id,
        "object": "invoice",
        "account_country": "US",
        "account_name": "Local test mode",
        "attempted": false,
        "auto_advance": true,
        "automatic_tax": {
            "enabled": false, "disabled_reason": null, "liability": null, "provider": null, "status": null,
        },
        "billing_reason": reason,
        "collection_method": "charge_automatically",
        "created": store.now(),
        "currency": subscription["currency"],
        "customer": subscription["customer"],
        "customer_address": customer["address"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_phone": customer["phone"],
        "customer_tax_exempt": "none",
        "issuer": { "type": "self" },
        "lines": {
            "object": "list", "data": lines, "has_more": false, "url": format!("/v1/invoices/{id}/lines"),
        },
        "livemode": store.livemode,
        "metadata": {},
        "parent": {
            "type": "subscription_details",
            "quote_details": null,
            "subscription_details": {
                "metadata": subscription["metadata"],
                "subscription": subscription["id"],
            },
        },
        "payment_settings": {
            "default_mandate": null, "payment_method_options": null, "payment_method_types": null,
        },
        "period_end": end,
        "period_start": start,
        "status": "draft",
        "status_transitions": {
            "finalized_at": null, "marked_uncollectible_at": null, "paid_at": null, "voided_at": null,
        },
        "test_clock": subscription["test_clock"],
    });
    let filled =
        [(&EMPTY[..], Value::Null), (&NOTHING, json!(0)), (&TOTAL, json!(total)), (&LISTS, json!([]))];
    for (names, value) in filled {
        names.iter().for_each(|name| invoice[*name] = value.clone());
    }
    invoice
}
