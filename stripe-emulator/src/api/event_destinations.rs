//! `/v2/core/event_destinations`: who is sent events, in which form. Webhook endpoints of API v1 are among
//! them, as destinations of snapshot events.

use serde_json::{Value, json};

use super::webhook_endpoints::checked_url;
use crate::store::thin::PING;
use crate::store::{Kind, Store, random_id};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::params::Params;
use crate::wire::time::date_time;
use crate::wire::v2::{PAGING, Page, include, texts};
use crate::wire::value::{number, text};
use crate::wire::versions;

const OBJECT: &str = "v2.core.event_destination";

/// What is only shown if it is asked for; the secret only by the call that creates.
const URL: &str = "webhook_endpoint.url";
const SECRET: &str = "webhook_endpoint.signing_secret";

const WRITABLE: [&str; 6] =
    ["description", "enabled_events", "include", "metadata.*", "name", "webhook_endpoint.url"];

pub(crate) fn create(store: &mut Store, params: &Params) -> Answer {
    params
        .only(&[&WRITABLE[..], &["event_payload", "events_from", "snapshot_api_version", "type"]].concat())?;
    let included = include(params, &[URL, SECRET])?;
    let name = params.required("name")?;
    params.required("type")?;
    params.one_of("type", &["webhook_endpoint"])?;
    params.required("event_payload")?;
    let payload = params.one_of("event_payload", &["snapshot", "thin"])?;
    let enabled_events = event_names(params, payload == Some("thin"))?;
    let enabled_events = enabled_events.ok_or_else(|| ApiError::missing_param("enabled_events"))?;
    let url = url(store, params)?.ok_or_else(|| ApiError::missing_param("webhook_endpoint.url"))?;
    let version = match (params.text("snapshot_api_version"), payload) {
        (Some(_), Some("thin")) => {
            let error = ApiError::invalid("Thin events have no API version.");
            return Err(error.param("snapshot_api_version"));
        }
        (version, Some("snapshot")) => Some(version.unwrap_or(versions::NEWEST)),
        (version, _) => version,
    };
    version.map(versions::check).transpose()?;
    let now = date_time(store.now());
    let from = texts(params, "events_from");
    let row = json!({
        "id": store.new_id(Kind::EventDestination),
        "object": OBJECT,
        "created": now,
        "description": params.text("description").unwrap_or_default(),
        "enabled_events": enabled_events,
        "event_payload": payload,
        "events_from": if from.is_empty() { vec!["@self"] } else { from },
        "livemode": store.livemode,
        "metadata": params.metadata("metadata"),
        "name": name,
        "snapshot_api_version": version,
        "status": "enabled",
        "type": "webhook_endpoint",
        "updated": now,
        "_secret": random_id("whsec_", 32),
        "_url": url,
    });
    store.insert(Kind::EventDestination, row.clone());
    store.address_owed(&row);
    Ok(shown(row, &included))
}

pub(crate) fn retrieve(store: &Store, id: &str, params: &Params) -> Answer {
    params.only(&["include"])?;
    let included = include(params, &[URL])?;
    Ok(shown(found(store, id)?, &included))
}

pub(crate) fn list(store: &Store, params: &Params) -> Answer {
    params.only(&[&PAGING[..], &["include"]].concat())?;
    let included = include(params, &[URL])?;
    let endpoints = store.rows(Kind::WebhookEndpoint).iter().map(of_endpoint);
    let mut all: Vec<Value> = endpoints.chain(store.rows(Kind::EventDestination).iter().cloned()).collect();
    all.sort_by(|one, other| text(&one["created"]).cmp(text(&other["created"])));
    all.reverse();
    let ids: Vec<&str> = all.iter().map(|row| text(&row["id"])).collect();
    let page = Page::of("/v2/core/event_destinations", params, &ids)?;
    let rows = all[page.rows.clone()].iter().map(|row| shown(row.clone(), &included)).collect();
    Ok(page.answer(rows))
}

pub(crate) fn update(store: &mut Store, id: &str, params: &Params) -> Answer {
    params.only(&WRITABLE)?;
    let included = include(params, &[URL])?;
    let current = found(store, id)?;
    let enabled_events = event_names(params, current["event_payload"] == "thin")?;
    let url = url(store, params)?;
    change(store, id, |row, is_endpoint| {
        params.copy(&["description"], row);
        params.merge_metadata("metadata", &mut row["metadata"]);
        if let Some(name) = params.text("name") {
            row[if is_endpoint { "_name" } else { "name" }] = json!(name);
        }
        if let Some(url) = url {
            row[if is_endpoint { "url" } else { "_url" }] = json!(url);
        }
        if let Some(names) = enabled_events {
            row["enabled_events"] = json!(names);
        }
    })?;
    Ok(shown(found(store, id)?, &included))
}

pub(crate) fn set_status(store: &mut Store, id: &str, status: &str, params: &Params) -> Answer {
    params.only(&[])?;
    change(store, id, |row, _| row["status"] = json!(status))?;
    Ok(shown(found(store, id)?, &[]))
}

pub(crate) fn delete(store: &mut Store, id: &str, params: &Params) -> Answer {
    params.only(&[])?;
    found(store, id)?;
    store.remove(kind_of(id), id);
    Ok(json!({ "id": id, "object": OBJECT }))
}

/// Sends a destination that is enabled an event about itself, whatever events it wants.
pub(crate) fn ping(store: &mut Store, id: &str, params: &Params) -> Answer {
    params.only(&[])?;
    let destination = found(store, id)?;
    let receivers = if destination["status"] == "enabled" { vec![id.to_owned()] } else { Vec::new() };
    let event = store.emit_to(receivers, PING, &json!({ "id": id, "object": OBJECT }), None);
    Ok(store.events.get(&event).map_or(Value::Null, |event| event.render_fetched()))
}

fn kind_of(id: &str) -> Kind {
    if id.starts_with(Kind::WebhookEndpoint.prefix()) {
        Kind::WebhookEndpoint
    } else {
        Kind::EventDestination
    }
}

fn found(store: &Store, id: &str) -> Answer {
    let row = store.get(kind_of(id), id)?;
    Ok(if kind_of(id) == Kind::WebhookEndpoint { of_endpoint(row) } else { row.clone() })
}

fn change(store: &mut Store, id: &str, change: impl FnOnce(&mut Value, bool)) -> Result<(), ApiError> {
    let (now, kind) = (date_time(store.now()), kind_of(id));
    let is_endpoint = kind == Kind::WebhookEndpoint;
    store.alter(kind, id, |row| {
        change(row, is_endpoint);
        row[if is_endpoint { "_updated" } else { "updated" }] = json!(now);
    })?;
    Ok(())
}

/// A webhook endpoint of API v1 as a destination.
fn of_endpoint(row: &Value) -> Value {
    let created = json!(date_time(number(&row["created"])));
    json!({
        "id": row["id"],
        "object": OBJECT,
        "created": created,
        "description": text(&row["description"]),
        "enabled_events": row["enabled_events"],
        "event_payload": "snapshot",
        "events_from": ["@self"],
        "livemode": row["livemode"],
        "metadata": row["metadata"],
        "name": row.get("_name").unwrap_or(&row["id"]),
        "snapshot_api_version": row["api_version"],
        "status": row["status"],
        "type": "webhook_endpoint",
        "updated": row.get("_updated").unwrap_or(&created),
        "_url": row["url"],
        "_secret": row["_secret"],
    })
}

/// The destination with the fields that were asked for.
fn shown(mut row: Value, included: &[&str]) -> Value {
    let asked =
        |field: &str, kept: &str| if included.contains(&field) { row[kept].clone() } else { Value::Null };
    row["webhook_endpoint"] =
        json!({ "signing_secret": asked(SECRET, "_secret"), "url": asked(URL, "_url") });
    row["status_details"] = match text(&row["status"]) {
        "disabled" => json!({ "disabled": { "reason": "user" } }),
        _ => Value::Null,
    };
    row
}

fn url(store: &Store, params: &Params) -> Result<Option<String>, ApiError> {
    let Some(url) = params.text(URL) else { return Ok(None) };
    if store.livemode && !url.starts_with("https://") {
        return Err(ApiError::invalid("Live mode requires HTTPS.").param(URL));
    }
    checked_url(url, URL).map(Some)
}

/// The names of the events, each of the destination's form. None: they are not given.
fn event_names(params: &Params, is_thin: bool) -> Result<Option<Vec<&str>>, ApiError> {
    let names = texts(params, "enabled_events");
    let is_thin_name = |name: &str| name.starts_with("v1.") || name.starts_with("v2.");
    if let Some(at) = names.iter().position(|name| *name != "*" && is_thin_name(name) != is_thin) {
        let form = if is_thin { "thin" } else { "snapshot" };
        let why = format!("'{}' is not a {form} event.", names[at]);
        return Err(ApiError::invalid(why).param(format!("enabled_events[{at}]")));
    }
    Ok((!names.is_empty()).then_some(names))
}
