//! A payment link: whoever opens it gets a checkout session of their own, and becomes a new customer.

use serde_json::{Value, json};

use super::checkout_shape;
use super::line_items::{buyable, mode_of};
use crate::store::{Kind, Store, random_id};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::value::text;

const DAY: i64 = 86_400;

/// Fields that are there, and empty.
const EMPTY: [&str; 12] = [
    "application",
    "application_fee_amount",
    "application_fee_percent",
    "consent_collection",
    "inactive_message",
    "invoice_creation",
    "on_behalf_of",
    "payment_intent_data",
    "payment_method_types",
    "restrictions",
    "shipping_address_collection",
    "subscription_data",
];

/// What the visitor's address bar adds to a link.
#[derive(Debug, Clone, Default)]
pub(crate) struct Visitor {
    /// Anybody can write anything here.
    pub(crate) client_reference_id: Option<String>,
    pub(crate) prefilled_email: Option<String>,
}

/// A link, not stored yet.
pub(crate) fn blank(store: &Store, lines: Vec<Value>) -> Value {
    let id = store.new_id(Kind::PaymentLink);
    let code = random_id(if store.livemode { "" } else { "test_" }, 18);
    let mut link = json!({
        "id": id,
        "object": "payment_link",
        "active": true,
        "after_completion": {
            "type": "hosted_confirmation", "hosted_confirmation": { "custom_message": null },
        },
        "allow_promotion_codes": false,
        "automatic_tax": { "enabled": false, "liability": null },
        "billing_address_collection": "auto",
        "currency": lines[0]["currency"],
        "custom_fields": [],
        "custom_text": {
            "after_submit": null,
            "shipping_address": null,
            "submit": null,
            "terms_of_service_acceptance": null,
        },
        "customer_creation": if mode_of(&lines) == "payment" { "if_required" } else { "always" },
        "livemode": store.livemode,
        "managed_payments": { "enabled": false },
        "metadata": {},
        "payment_method_collection": "always",
        "payment_method_options": null,
        "phone_number_collection": { "enabled": false },
        "shipping_options": [],
        "submit_type": "auto",
        "tax_id_collection": { "enabled": false, "required": "never" },
        "transfer_data": null,
        "url": format!("{}/b/{code}", store.url),
        "_code": code,
        "_line_items": {
            "object": "list",
            "data": lines,
            "has_more": false,
            "url": format!("/v1/payment_links/{id}/line_items"),
        },
    });
    for name in EMPTY {
        link[name] = Value::Null;
    }
    link
}

/// Opens a link: a checkout session with the link's metadata and the visitor's reference.
pub(crate) fn open(store: &mut Store, id: &str, visitor: &Visitor) -> Answer {
    let link = store.get(Kind::PaymentLink, id)?.clone();
    if link["active"] != true {
        let message = link["inactive_message"].as_str().unwrap_or("This payment link is deactivated.");
        return Err(ApiError::invalid(message));
    }
    let lines = link["_line_items"]["data"].as_array().cloned().unwrap_or_default();
    for line in &lines {
        buyable(store, text(&line["price"]["id"]), "line_items")?;
    }
    let session = session(store, &link, lines, visitor);
    Ok(store.insert(Kind::CheckoutSession, session))
}

/// The link that the end of a page's address names.
pub(crate) fn by_code<'a>(store: &'a Store, code: &str) -> Option<&'a Value> {
    store.rows(Kind::PaymentLink).iter().find(|link| link["_code"] == code)
}

fn session(store: &Store, link: &Value, lines: Vec<Value>, visitor: &Visitor) -> Value {
    let mode = mode_of(&lines);
    let mut session = checkout_shape::blank(store, lines, store.now() + DAY);
    session["mode"] = json!(mode);
    session["payment_link"] = link["id"].clone();
    session["client_reference_id"] =
        json!(visitor.client_reference_id.as_deref().filter(|id| is_reference(id)));
    session["locale"] = json!("auto");
    session["metadata"] = link["metadata"].clone();
    for name in [
        "allow_promotion_codes",
        "automatic_tax",
        "billing_address_collection",
        "customer_creation",
        "payment_method_collection",
        "submit_type",
        "tax_id_collection",
    ] {
        session[name] = link[name].clone();
    }
    if let Value::Array(types) = &link["payment_method_types"] {
        session["payment_method_types"] = json!(types);
    }
    if mode == "subscription" {
        session["customer_creation"] = Value::Null;
    }
    let redirect = &link["after_completion"]["redirect"]["url"];
    session["success_url"] = redirect.as_str().unwrap_or("https://stripe.com").into();
    session["_stays_on_page"] = json!(redirect.is_null());
    session["_typed_email"] = json!(visitor.prefilled_email);
    session["_payment_metadata"] = link["payment_intent_data"]["metadata"].clone();
    session["_payment_description"] = link["payment_intent_data"]["description"].clone();
    let data = &link["subscription_data"];
    session["_subscription_metadata"] = data["metadata"].as_object().cloned().unwrap_or_default().into();
    session["_subscription_description"] = data["description"].clone();
    session["_trial_days"] = data["trial_period_days"].clone();
    session["_missing_payment_method"] =
        data["trial_settings"]["end_behavior"]["missing_payment_method"].clone();
    if !session["_trial_days"].is_null() {
        session["amount_subtotal"] = json!(0);
        session["amount_total"] = json!(0);
    }
    session
}

/// Stripe takes letters, digits, dashes and underscores, and drops a reference with anything else.
fn is_reference(text: &str) -> bool {
    let fits = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_');
    (1..=200).contains(&text.len()) && text.bytes().all(fits)
}
