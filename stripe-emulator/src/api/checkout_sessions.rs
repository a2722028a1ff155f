//! `/v1/checkout/sessions`: opening, reading and listing them. What the page does is in `checkout_pay`.

use serde_json::{Value, json};

use crate::life::checkout;
use crate::life::checkout_shape::blank;
use crate::life::discount::{self, Redeemable};
use crate::life::discount_invoice::take_off_session;
use crate::life::line_items;
use crate::store::{Kind, Store};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::list::{CREATED, Created, PAGING, filters, page};
use crate::wire::params::{Params, brackets};

const DAY: i64 = 86_400;

/// What the emulator acts on, and what Stripe knows too and the emulator only takes note of.
const CREATABLE: [&str; 40] = [
    "allow_promotion_codes",
    "automatic_tax.enabled",
    "cancel_url",
    "client_reference_id",
    "customer",
    "customer_email",
    "customer_update.*",
    "expires_at",
    "line_items.price",
    "line_items.quantity",
    "line_items.adjustable_quantity.*",
    "metadata.*",
    "mode",
    "payment_method_types",
    "subscription_data.metadata.*",
    "subscription_data.description",
    "subscription_data.trial_end",
    "subscription_data.trial_period_days",
    "subscription_data.trial_settings.*",
    "success_url",
    "billing_address_collection",
    "consent_collection.*",
    "currency",
    "custom_fields.*",
    "custom_text.*",
    "customer_creation",
    "discounts.coupon",
    "discounts.promotion_code",
    "integration_identifier",
    "invoice_creation.*",
    "locale",
    "managed_payments.*",
    "origin_context",
    "payment_intent_data.*",
    "payment_method_collection",
    "payment_method_options.*",
    "phone_number_collection.*",
    "submit_type",
    "tax_id_collection.*",
    "ui_mode",
];

pub(crate) fn create(store: &mut Store, params: &Params) -> Answer {
    params.only(&CREATABLE)?;
    let success_url = params.required("success_url")?;
    let mode = params.one_of("mode", &["payment", "subscription"])?;
    let mode = mode.ok_or_else(|| ApiError::missing_param("mode"))?;
    customer(store, params)?;
    let lines = line_items::read(store, params, Some(mode))?;
    let now = store.now();
    let expires_at = params.int("expires_at")?.unwrap_or(now + DAY);
    if !(now + DAY / 48..=now + DAY).contains(&expires_at) {
        let message = "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout \
                       Session creation.";
        return Err(ApiError::invalid(message).param("expires_at"));
    }
    let mut session = blank(store, lines, expires_at);
    session["mode"] = json!(mode);
    session["success_url"] = json!(success_url);
    fill(params, &mut session)?;
    if let Some(what) = discount(store, params)? {
        take_off_session(&mut session, &what);
    }
    Ok(store.insert(Kind::CheckoutSession, session))
}

pub(crate) fn list(store: &Store, params: &Params) -> Answer {
    let names = ["customer", "customer_details.email", "payment_intent", "status", "subscription"];
    params.only(&[&PAGING[..], &CREATED, &names].concat())?;
    let status = params.one_of("status", &["open", "complete", "expired"])?;
    let (created, email) = (Created::read(params)?, params.text("customer_details.email"));
    let found = store.rows(Kind::CheckoutSession).iter().filter(|session| {
        created.fits(session)
            && status.is_none_or(|wanted| session["status"] == wanted)
            && email.is_none_or(|wanted| session["customer_details"]["email"] == wanted)
            && filters(params, session, &["customer", "payment_intent", "subscription"])
    });
    page("/v1/checkout/sessions", params, found)
}

pub(crate) fn list_line_items(store: &Store, id: &str, params: &Params) -> Answer {
    params.only(&PAGING)?;
    let session = store.get(Kind::CheckoutSession, id)?;
    let rows = session["_line_items"]["data"].as_array().map_or(&[][..], Vec::as_slice);
    // Pages go from the newest, line items from the first.
    let reversed: Vec<&Value> = rows.iter().rev().collect();
    page(&format!("/v1/checkout/sessions/{id}/line_items"), params, reversed.into_iter())
}

pub(crate) fn expire(store: &mut Store, id: &str, params: &Params) -> Answer {
    params.only(&[])?;
    checkout::expire(store, id)
}

fn customer(store: &Store, params: &Params) -> Result<(), ApiError> {
    let Some(id) = params.text("customer") else {
        return match params.get("customer_update") {
            Some(_) => {
                let message = "`customer_update` can only be used with `customer`.";
                Err(ApiError::invalid(message).param("customer_update"))
            }
            None => Ok(()),
        };
    };
    let customer = store.referenced(Kind::Customer, id, "customer")?;
    if params.text("customer_email").is_some() {
        let message = "You may only specify one of these parameters: customer, customer_email.";
        return Err(ApiError::invalid(message).param("customer_email"));
    }
    let collects_tax_id = params.flag("tax_id_collection.enabled")? == Some(true);
    if collects_tax_id && params.text("customer_update.name") != Some("auto") {
        let message = "Tax ID collection requires updating business name on the customer. To enable tax ID \
                       collection for an existing customer, please set `customer_update[name]` to `auto`.";
        return Err(ApiError::invalid(message));
    }
    let saves_address = ["address", "shipping"]
        .iter()
        .any(|name| params.text(&format!("customer_update.{name}")) == Some("auto"));
    if params.flag("automatic_tax.enabled")? == Some(true) && customer["address"].is_null() && !saves_address
    {
        let message = "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a \
                       valid address to the Customer or set either `customer_update[address]` to 'auto' or \
                       `customer_update[shipping]` to 'auto' to save the address entered in Checkout to the \
                       Customer.";
        return Err(ApiError::invalid(message).code("customer_tax_location_invalid"));
    }
    Ok(())
}

/// The one coupon or promotion code that the session takes off.
fn discount(store: &Store, params: &Params) -> Result<Option<Redeemable>, ApiError> {
    let given = params.list("discounts").len();
    if given > 0 && params.get("allow_promotion_codes").is_some() {
        let message = "You may only specify one of these parameters: allow_promotion_codes, discounts.";
        return Err(ApiError::invalid(message));
    }
    if given > 1 {
        let message = "You may only specify one discount for a Checkout Session.";
        return Err(ApiError::invalid(message).param("discounts"));
    }
    let [coupon, code] = ["discounts.0.coupon", "discounts.0.promotion_code"];
    if let Some(id) = params.text(coupon) {
        return discount::by_coupon(store, id, &brackets(coupon)).map(Some);
    }
    let Some(id) = params.text(code) else { return Ok(None) };
    let customer = params.text("customer").unwrap_or_default();
    discount::by_promotion_code(store, id, customer, &brackets(code)).map(Some)
}

/// Copies what the caller gave.
fn fill(params: &Params, session: &mut Value) -> Result<(), ApiError> {
    const COPIED: [&str; 8] = [
        "billing_address_collection",
        "cancel_url",
        "client_reference_id",
        "customer",
        "customer_creation",
        "customer_email",
        "locale",
        "submit_type",
    ];
    params.copy(&COPIED, session);
    params.copy(&["payment_method_types", "payment_method_collection", "integration_identifier"], session);
    params.merge_metadata("metadata", &mut session["metadata"]);
    session["allow_promotion_codes"] = json!(params.flag("allow_promotion_codes")?);
    if params.flag("automatic_tax.enabled")? == Some(true) {
        session["automatic_tax"]["enabled"] = json!(true);
        session["automatic_tax"]["status"] = json!("requires_location_inputs");
    }
    if params.flag("tax_id_collection.enabled")? == Some(true) {
        let required = params.one_of("tax_id_collection.required", &["if_supported", "never"])?;
        session["tax_id_collection"] = json!({ "enabled": true, "required": required.unwrap_or("never") });
    }
    let days = params.int("subscription_data.trial_period_days")?;
    if days.is_some_and(|days| days < 1) {
        let error = ApiError::invalid("The minimum number of trial period days is 1.");
        return Err(error.param("subscription_data[trial_period_days]"));
    }
    session["_trial_days"] = json!(days);
    session["_trial_end"] = json!(params.int("subscription_data.trial_end")?);
    session["_missing_payment_method"] =
        json!(params.text("subscription_data.trial_settings.end_behavior.missing_payment_method"));
    session["_subscription_metadata"] = params.metadata("subscription_data.metadata");
    session["_payment_metadata"] = params.metadata("payment_intent_data.metadata");
    session["_payment_description"] = json!(params.text("payment_intent_data.description"));
    session["_subscription_description"] = json!(params.text("subscription_data.description"));
    if days.is_some() || !session["_trial_end"].is_null() {
        session["amount_subtotal"] = json!(0);
        session["amount_total"] = json!(0);
    }
    Ok(())
}
