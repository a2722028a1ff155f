//! `/v1/billing_portal/configurations`: kept and handed back; the portal page offers everything either way.

use serde_json::{Value, json};

use super::errors::Answer;
use super::list::{PAGING, filters, page};
use super::params::Params;
use super::store::{Kind, Store};

const WRITABLE: [&str; 7] = [
    "active",
    "business_profile.*",
    "default_return_url",
    "features.*",
    "login_page.*",
    "metadata.*",
    "name",
];

pub(crate) fn create(store: &mut Store, params: &Params) -> Answer {
    params.only(&WRITABLE)?;
    if params.get("features").is_none() {
        params.required("features")?;
    }
    let is_first = store.rows(Kind::PortalConfiguration).is_empty();
    let mut configuration = blank(store, is_first);
    write(params, &mut configuration);
    Ok(store.insert(Kind::PortalConfiguration, configuration))
}

pub(crate) fn update(store: &mut Store, id: &str, params: &Params) -> Answer {
    params.only(&WRITABLE)?;
    let (active, now) = (params.flag("active")?, store.now());
    store.alter(Kind::PortalConfiguration, id, |configuration| {
        if let Some(active) = active {
            configuration["active"] = json!(active);
        }
        configuration["updated"] = json!(now);
        write(params, configuration);
    })
}

pub(crate) fn list(store: &Store, params: &Params) -> Answer {
    params.only(&[&PAGING[..], &["active", "is_default"]].concat())?;
    let rows = store.rows(Kind::PortalConfiguration).iter();
    let found = rows.filter(|row| filters(params, row, &["active", "is_default"]));
    page("/v1/billing_portal/configurations", params, found)
}

/// The account's default configuration, made when first needed.
pub(crate) fn default(store: &mut Store) -> Value {
    let found = store.rows(Kind::PortalConfiguration).iter().find(|row| row["is_default"] == true).cloned();
    found.unwrap_or_else(|| {
        let configuration = blank(store, true);
        store.insert(Kind::PortalConfiguration, configuration)
    })
}

fn write(params: &Params, configuration: &mut Value) {
    params.copy(&["default_return_url", "name"], configuration);
    for name in ["business_profile", "features", "login_page"] {
        if let Some(given) = params.get(name) {
            merge(&mut configuration[name], given);
        }
    }
    params.merge_metadata("metadata", &mut configuration["metadata"]);
}

/// Lays a form's leaves over an object, with the types that stand there.
fn merge(current: &mut Value, given: &Value) {
    match (current, given) {
        (Value::Object(current), Value::Object(given)) => {
            for (key, value) in given {
                merge(current.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (current, Value::String(text)) => {
            *current = match text.as_str() {
                "true" => json!(true),
                "false" => json!(false),
                "" => Value::Null,
                _ => given.clone(),
            };
        }
        (current, _) => *current = given.clone(),
    }
}

fn blank(store: &Store, is_default: bool) -> Value {
    json!({
        "id": store.new_id(Kind::PortalConfiguration),
        "object": "billing_portal.configuration",
        "active": true,
        "application": null,
        "business_profile": { "headline": null, "privacy_policy_url": null, "terms_of_service_url": null },
        "created": store.now(),
        "default_return_url": null,
        "features": {
            "customer_update": { "allowed_updates": [], "enabled": false },
            "invoice_history": { "enabled": true },
            "payment_method_update": { "enabled": true, "payment_method_configuration": null },
            "subscription_cancel": {
                "cancellation_reason": { "enabled": false, "options": [] },
                "enabled": true,
                "mode": "at_period_end",
                "proration_behavior": "none",
            },
            "subscription_update": {
                "billing_cycle_anchor": null,
                "default_allowed_updates": ["price", "quantity"],
                "enabled": true,
                "products": [],
                "proration_behavior": "create_prorations",
                "schedule_at_period_end": { "conditions": [] },
                "trial_update_behavior": "end_trial",
            },
        },
        "is_default": is_default,
        "livemode": store.livemode,
        "login_page": { "enabled": false, "url": null },
        "metadata": {},
        "name": null,
        "updated": store.now(),
    })
}
