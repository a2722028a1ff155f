//! `features` of a portal configuration: which parameters there are, what they may be, and how they are kept.

use serde_json::{Map, Value, json};

use crate::store::{Kind, Store};
use crate::wire::errors::ApiError;
use crate::wire::params::{Params, brackets};
use crate::wire::value::text;

/// Every parameter below `features`.
pub(crate) const WRITABLE: [&str; 24] = [
    "features.customer_update.allowed_updates",
    "features.customer_update.enabled",
    "features.invoice_history.enabled",
    "features.payment_method_update.enabled",
    "features.payment_method_update.payment_method_configuration",
    "features.subscription_cancel.cancellation_reason.enabled",
    "features.subscription_cancel.cancellation_reason.feedback_options",
    "features.subscription_cancel.cancellation_reason.options",
    "features.subscription_cancel.enabled",
    "features.subscription_cancel.mode",
    "features.subscription_cancel.proration_behavior",
    "features.subscription_update.billing_cycle_anchor",
    "features.subscription_update.default_allowed_updates",
    "features.subscription_update.enabled",
    "features.subscription_update.products",
    "features.subscription_update.products.adjustable_quantity.enabled",
    "features.subscription_update.products.adjustable_quantity.maximum",
    "features.subscription_update.products.adjustable_quantity.minimum",
    "features.subscription_update.products.prices",
    "features.subscription_update.products.product",
    "features.subscription_update.proration_behavior",
    "features.subscription_update.schedule_at_period_end.conditions",
    "features.subscription_update.schedule_at_period_end.conditions.type",
    "features.subscription_update.trial_update_behavior",
];

const FLAGS: [&str; 6] = [
    "features.customer_update.enabled",
    "features.invoice_history.enabled",
    "features.payment_method_update.enabled",
    "features.subscription_cancel.cancellation_reason.enabled",
    "features.subscription_cancel.enabled",
    "features.subscription_update.enabled",
];

const PRORATION: &[&str] = &["always_invoice", "create_prorations", "none"];

const REASONS: &[&str] = &[
    "customer_service",
    "low_quality",
    "missing_features",
    "other",
    "switched_service",
    "too_complex",
    "too_expensive",
    "unused",
];

const WORDS: [(&str, &[&str]); 8] = [
    (
        "features.customer_update.allowed_updates",
        &["address", "email", "name", "phone", "shipping", "tax_id"],
    ),
    ("features.subscription_cancel.cancellation_reason.options", REASONS),
    ("features.subscription_cancel.mode", &["at_period_end", "immediately"]),
    ("features.subscription_cancel.proration_behavior", PRORATION),
    ("features.subscription_update.billing_cycle_anchor", &["now", "unchanged"]),
    ("features.subscription_update.default_allowed_updates", &["price", "promotion_code", "quantity"]),
    ("features.subscription_update.proration_behavior", PRORATION),
    ("features.subscription_update.trial_update_behavior", &["continue_trial", "end_trial"]),
];

/// What a configuration that the API made begins with: what it is not given is off.
pub(crate) fn none() -> Value {
    json!({
        "customer_update": { "allowed_updates": [], "enabled": false },
        "invoice_history": { "enabled": false },
        "payment_method_update": { "enabled": false, "payment_method_configuration": null },
        "subscription_cancel": {
            "cancellation_reason": { "enabled": false, "options": REASONS },
            "enabled": false,
            "mode": "at_period_end",
            "proration_behavior": "none",
        },
        "subscription_update": {
            "billing_cycle_anchor": null,
            "default_allowed_updates": [],
            "enabled": false,
            "_products": [],
            "proration_behavior": "none",
            "schedule_at_period_end": { "conditions": [] },
            "trial_update_behavior": "end_trial",
        },
    })
}

/// What the Dashboard saves unless its owner changes it: plans to change between are for the owner to choose.
pub(crate) fn saved() -> Value {
    let mut features = none();
    for name in ["invoice_history", "payment_method_update", "subscription_cancel"] {
        features[name]["enabled"] = json!(true);
    }
    features
}

/// Refuses what Stripe refuses.
pub(crate) fn check(store: &Store, params: &Params) -> Result<(), ApiError> {
    for flag in FLAGS {
        params.flag(flag)?;
    }
    for (path, allowed) in WORDS {
        params.one_of(path, allowed)?;
        for word in params.texts(path) {
            if !allowed.contains(&word) {
                return Err(invalid(path, &format!("must be one of {}", allowed.join(", "))));
            }
        }
    }
    let conditions = "features.subscription_update.schedule_at_period_end.conditions";
    for condition in params.list(conditions) {
        if !matches!(text(&condition["type"]), "decreasing_item_amount" | "shortening_interval") {
            return Err(invalid(
                conditions,
                "type must be one of decreasing_item_amount, shortening_interval",
            ));
        }
    }
    products(store, params)
}

fn products(store: &Store, params: &Params) -> Result<(), ApiError> {
    let path = "features.subscription_update.products";
    let products = params.list(path);
    if products.len() > 10 {
        return Err(invalid(path, "at most 10 products"));
    }
    for (position, listed) in products.iter().enumerate() {
        let at = format!("{path}.{position}");
        let product = text(&listed["product"]);
        store.referenced(Kind::Product, product, &brackets(&format!("{at}.product")))?;
        let prices = params.texts(&format!("{at}.prices"));
        if prices.is_empty() {
            return Err(ApiError::missing_param(&brackets(&format!("{at}.prices"))));
        }
        let mut intervals = Vec::new();
        for id in prices {
            let price = store.referenced(Kind::Price, id, &brackets(&format!("{at}.prices")))?;
            if price["product"] != product || price["active"] != true {
                return Err(invalid(&at, "every price must be an active one of the product"));
            }
            let recurring = &price["recurring"];
            let interval = (&recurring["interval"], &recurring["interval_count"]);
            if recurring.is_null() || intervals.contains(&interval) {
                return Err(invalid(&at, "prices must be recurring, each with an interval of its own"));
            }
            intervals.push(interval);
        }
        params.flag(&format!("{at}.adjustable_quantity.enabled"))?;
        for bound in ["minimum", "maximum"] {
            params.int(&format!("{at}.adjustable_quantity.{bound}"))?;
        }
    }
    Ok(())
}

fn invalid(path: &str, what: &str) -> ApiError {
    ApiError::invalid(format!("Invalid {}: {what}", brackets(path))).param(brackets(path))
}

/// The parameters as the object holds them: truth values and numbers typed, and the products where they wait
/// to be asked for.
pub(crate) fn typed(features: &Value) -> Value {
    let mut typed = leaf_types(features);
    if let Some(update) = typed.get_mut("subscription_update").and_then(Value::as_object_mut)
        && let Some(products) = update.remove("products")
    {
        let products = products.as_array().cloned().unwrap_or_default();
        update.insert("_products".to_owned(), products.into_iter().map(with_quantity).collect());
    }
    typed
}

fn with_quantity(mut product: Value) -> Value {
    let quantity = &mut product["adjustable_quantity"];
    *quantity = json!({
        "enabled": quantity["enabled"] == true,
        "maximum": quantity["maximum"],
        "minimum": quantity["minimum"],
    });
    product
}

fn leaf_types(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let typed = object.iter().map(|(name, value)| match (name.as_str(), value.as_str()) {
                ("minimum" | "maximum", Some(number)) => (name.clone(), json!(number.parse::<i64>().ok())),
                _ => (name.clone(), leaf_types(value)),
            });
            Value::Object(typed.collect::<Map<_, _>>())
        }
        Value::Array(list) => list.iter().map(leaf_types).collect(),
        other => match other.as_str() {
            Some("true") => json!(true),
            Some("false") => json!(false),
            _ => other.clone(),
        },
    }
}
