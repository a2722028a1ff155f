//! `/v1/events`.

use serde_json::{Value, json};

use crate::store::Store;
use crate::store::events::Event;
use crate::wire::errors::{Answer, ApiError};
use crate::wire::list::{CREATED, Created, PAGING, page};
use crate::wire::params::Params;
use crate::wire::value::text;

pub(crate) fn retrieve(store: &Store, id: &str, version: &str) -> Answer {
    let event = store.events.get(id).filter(|event| event.has_snapshot());
    let event = event.ok_or_else(|| ApiError::no_such("event", id, "id").status(404))?;
    Ok(event.render(version))
}

pub(crate) fn list(store: &Store, params: &Params, version: &str) -> Answer {
    params.only(&[&PAGING[..], &CREATED, &["type", "types", "delivery_success"]].concat())?;
    let (types, created) = (params.texts("types"), Created::read(params)?);
    if types.len() > 20 {
        return Err(ApiError::invalid("You may pass up to 20 values in `types`.").param("types"));
    }
    let wanted_type = params.text("type");
    let delivered = params.flag("delivery_success")?;
    let fits = |event: &&Event| {
        let type_fits = wanted_type.is_none_or(|wanted| type_matches(wanted, &event.kind))
            && (types.is_empty() || types.contains(&event.kind.as_str()));
        type_fits
            && delivered.is_none_or(|wanted| wanted == (event.pending() == 0))
            && created.fits(&json!({ "created": event.created }))
    };
    // Paged by id, and only the page is rendered: there may be many thousands.
    let found: Vec<Value> =
        store.events.snapshots().filter(fits).map(|event| json!({ "id": event.id })).collect();
    let mut list = page("/v1/events", params, found.iter())?;
    for row in list["data"].as_array_mut().into_iter().flatten() {
        if let Some(event) = store.events.get(text(&row["id"])) {
            *row = event.render(version);
        }
    }
    Ok(list)
}

/// `invoice.*` asks for every invoice event.
fn type_matches(wanted: &str, kind: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(prefix) => kind.starts_with(prefix),
        None => wanted == kind,
    }
}
