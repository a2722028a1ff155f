//! `/v1/billing_portal/configurations`. What the page makes of one is in `portal_offer`.

use serde_json::{Value, json};

use super::portal_features;
use crate::store::{Kind, Store};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::list::{PAGING, filters, page};
use crate::wire::params::Params;

const WRITABLE: [&str; 7] = [
    "business_profile.headline",
    "business_profile.privacy_policy_url",
    "business_profile.terms_of_service_url",
    "default_return_url",
    "login_page.enabled",
    "metadata.*",
    "name",
];

pub(crate) fn create(store: &mut Store, params: &Params) -> Answer {
    params.only(&[&WRITABLE[..], &portal_features::WRITABLE].concat())?;
    if params.get("features").is_none() {
        params.required("features")?;
    }
    portal_features::check(store, params)?;
    // Stripe's API never makes a default: the settings page of the Dashboard does.
    let mut configuration = blank(store, false);
    write(params, &mut configuration);
    Ok(store.insert(Kind::PortalConfiguration, configuration))
}

pub(crate) fn update(store: &mut Store, id: &str, params: &Params) -> Answer {
    params.only(&[&WRITABLE[..], &portal_features::WRITABLE, &["active"]].concat())?;
    let is_default = store.get(Kind::PortalConfiguration, id)?["is_default"] == true;
    portal_features::check(store, params)?;
    let (active, now) = (params.flag("active")?, store.now());
    if is_default && active == Some(false) {
        return Err(ApiError::invalid("The default configuration cannot be deactivated.").param("active"));
    }
    store.alter(Kind::PortalConfiguration, id, |configuration| {
        if let Some(active) = active {
            configuration["active"] = json!(active);
        }
        configuration["updated"] = json!(now);
        write(params, configuration);
    })
}

pub(crate) fn list(store: &mut Store, params: &Params) -> Answer {
    params.only(&[&PAGING[..], &["active", "is_default"]].concat())?;
    save_default(store);
    let rows = store.rows(Kind::PortalConfiguration).iter();
    let found = rows.filter(|row| filters(params, row, &["active", "is_default"]));
    page("/v1/billing_portal/configurations", params, found)
}

/// The account's default configuration.
pub(crate) fn default(store: &mut Store) -> Answer {
    save_default(store);
    let found = store.rows(Kind::PortalConfiguration).iter().find(|row| row["is_default"] == true).cloned();
    found.ok_or_else(|| {
        ApiError::invalid(
            "No configuration provided and your test mode default configuration has not been created. \
             Provide a configuration or create your default by saving your customer portal settings in test \
             mode at https://dashboard.stripe.com/test/settings/billing/portal.",
        )
    })
}

/// The account's owner has saved the portal's settings in the Dashboard once, unless a test says otherwise.
fn save_default(store: &mut Store) {
    let has_default = store.rows(Kind::PortalConfiguration).iter().any(|row| row["is_default"] == true);
    if !has_default && !store.portal_settings_unsaved {
        let configuration = blank(store, true);
        store.insert(Kind::PortalConfiguration, configuration);
    }
}

fn write(params: &Params, configuration: &mut Value) {
    params.copy(&["default_return_url", "name"], configuration);
    for name in ["business_profile", "login_page"] {
        if let Some(given) = params.get(name) {
            merge(&mut configuration[name], given);
        }
    }
    if let Some(given) = params.get("features") {
        merge(&mut configuration["features"], &portal_features::typed(given));
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
        "features": if is_default { portal_features::saved() } else { portal_features::none() },
        "is_default": is_default,
        "livemode": store.livemode,
        "login_page": { "enabled": false, "url": null },
        "metadata": {},
        "name": null,
        "updated": store.now(),
    })
}
