//! What a checkout session consists of when it is opened, field by field.

use serde_json::{Value, json};

use crate::store::{Kind, Store};
use crate::wire::value::number;

/// Fields that are there, and empty: clients tell an absent field from a null one.
const EMPTY: [&str; 33] = [
    "after_expiration",
    "allow_promotion_codes",
    "billing_address_collection",
    "cancel_url",
    "client_reference_id",
    "client_secret",
    "collected_information",
    "consent",
    "consent_collection",
    "currency_conversion",
    "customer",
    "customer_account",
    "customer_creation",
    "customer_details",
    "customer_email",
    "integration_identifier",
    "invoice",
    "invoice_creation",
    "locale",
    "origin_context",
    "payment_intent",
    "payment_link",
    "payment_method_configuration_details",
    "permissions",
    "presentment_details",
    "recovered_from",
    "setup_intent",
    "shipping_address_collection",
    "shipping_cost",
    "submit_type",
    "subscription",
    "success_url",
    "wallet_options",
];

pub(crate) fn blank(store: &Store, lines: Vec<Value>, expires_at: i64) -> Value {
    let id = store.new_id(Kind::CheckoutSession);
    let total: i64 = lines.iter().map(|line| number(&line["amount_total"])).sum();
    let line_items = json!({
        "object": "list", "data": lines, "has_more": false,
        "url": format!("/v1/checkout/sessions/{id}/line_items"),
    });
    let mut session = json!({
        "id": id,
        "object": "checkout.session",
        "adaptive_pricing": { "enabled": false },
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": { "enabled": false, "liability": null, "provider": null, "status": null },
        "created": store.now(),
        "currency": line_items["data"][0]["currency"],
        "custom_fields": [],
        "custom_text": {
            "after_submit": null, "shipping_address": null, "submit": null,
            "terms_of_service_acceptance": null,
        },
        "discounts": [],
        "expires_at": expires_at,
        "livemode": store.livemode,
        "managed_payments": { "enabled": false },
        "metadata": {},
        "mode": "subscription",
        "payment_method_collection": "always",
        "payment_method_options": { "card": { "request_three_d_secure": "automatic" } },
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "phone_number_collection": { "enabled": false },
        "saved_payment_method_options": {
            "allow_redisplay_filters": ["always"], "payment_method_remove": "disabled",
            "payment_method_save": null,
        },
        "shipping_options": [],
        "status": "open",
        "tax_id_collection": { "enabled": false, "required": "never" },
        "total_details": { "amount_discount": 0, "amount_shipping": 0, "amount_tax": 0 },
        "ui_mode": "hosted_page",
        "url": format!("{}/c/pay/{id}", store.url),
        "_line_items": line_items,
    });
    for name in EMPTY {
        session[name] = Value::Null;
    }
    session
}
