//! `/v1/webhook_endpoints`: who is sent which events, in which API version.

use serde_json::json;

use crate::store::{Kind, Store, random_id};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::list::{PAGING, page};
use crate::wire::params::Params;
use crate::wire::versions;

pub(crate) fn create(store: &mut Store, params: &Params) -> Answer {
    params.only(&["url", "enabled_events", "api_version", "description", "metadata.*", "connect"])?;
    let url = checked_url(params.required("url")?, "url")?;
    let enabled_events = params.texts("enabled_events");
    if enabled_events.is_empty() {
        return Err(ApiError::missing_param("enabled_events"));
    }
    if let Some(version) = params.text("api_version") {
        versions::check(version)?;
    }
    let secret = random_id("whsec_", 32);
    let endpoint = json!({
        "id": store.new_id(Kind::WebhookEndpoint),
        "object": "webhook_endpoint",
        "api_version": params.text("api_version"),
        "application": null,
        "created": store.now(),
        "description": params.text("description"),
        "enabled_events": enabled_events,
        "livemode": store.livemode,
        "metadata": params.metadata("metadata"),
        "status": "enabled",
        "url": url,
        "_secret": secret,
    });
    let mut created = store.insert(Kind::WebhookEndpoint, endpoint);
    store.address_owed(&created);
    // Only this answer carries the secret.
    created["secret"] = json!(secret);
    Ok(created)
}

pub(crate) fn update(store: &mut Store, id: &str, params: &Params) -> Answer {
    params.only(&["url", "enabled_events", "description", "metadata.*", "disabled"])?;
    let url = params.text("url").map(|url| checked_url(url, "url")).transpose()?;
    let disabled = params.flag("disabled")?;
    store.alter(Kind::WebhookEndpoint, id, |endpoint| {
        if let Some(url) = url {
            endpoint["url"] = json!(url);
        }
        if let Some(disabled) = disabled {
            endpoint["status"] = json!(if disabled { "disabled" } else { "enabled" });
        }
        params.copy(&["enabled_events", "description"], endpoint);
        params.merge_metadata("metadata", &mut endpoint["metadata"]);
    })
}

pub(crate) fn list(store: &Store, params: &Params) -> Answer {
    params.only(&PAGING)?;
    page("/v1/webhook_endpoints", params, store.rows(Kind::WebhookEndpoint).iter())
}

pub(crate) fn delete(store: &mut Store, id: &str) -> Answer {
    store.get(Kind::WebhookEndpoint, id)?;
    store.remove(Kind::WebhookEndpoint, id);
    Ok(json!({ "id": id, "object": "webhook_endpoint", "deleted": true }))
}

pub(super) fn checked_url(url: &str, param: &str) -> Result<String, ApiError> {
    let is_web = url.starts_with("http://") || url.starts_with("https://");
    let invalid = || ApiError::invalid("Invalid URL: An explicit scheme (such as https) must be provided.");
    if is_web { Ok(url.to_owned()) } else { Err(invalid().code("url_invalid").param(param)) }
}
