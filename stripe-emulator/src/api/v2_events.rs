//! `/v2/core/events`: every event in its thin form.

use crate::store::Store;
use crate::store::events::Event;
use crate::wire::errors::{Answer, ApiError};
use crate::wire::params::Params;
use crate::wire::time::second;
use crate::wire::v2::{PAGING, Page, texts};

const CREATED: [&str; 4] = ["created.gt", "created.gte", "created.lt", "created.lte"];

pub(crate) fn retrieve(store: &Store, id: &str, params: &Params) -> Answer {
    params.only(&[])?;
    let event = store.events.by_thin_id(id);
    event.map(Event::render_fetched).ok_or_else(|| ApiError::no_such("event", id, "id").status(404))
}

pub(crate) fn list(store: &Store, params: &Params) -> Answer {
    params.only(&[&PAGING[..], &CREATED, &["object_id", "types"]].concat())?;
    let types = texts(params, "types");
    if types.len() > 20 {
        return Err(ApiError::invalid("You may pass up to 20 values.").param("types"));
    }
    let [after, from, before, until] = CREATED.map(|name| second(params, name));
    let (after, from, before, until) = (after?, from?, before?, until?);
    let fits = |event: &&Event| {
        let made = event.created;
        params.text("object_id").is_none_or(|id| id == event.object_id())
            && (types.is_empty() || types.contains(&event.thin_kind().as_str()))
            && after.is_none_or(|bound| made > bound)
            && from.is_none_or(|bound| made >= bound)
            && before.is_none_or(|bound| made < bound)
            && until.is_none_or(|bound| made <= bound)
    };
    let found: Vec<&Event> = store.events.all().iter().rev().filter(fits).collect();
    let ids: Vec<String> = found.iter().map(|event| event.thin_id()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let page = Page::of("/v2/core/events", params, &ids)?;
    let rows = found[page.rows.clone()].iter().map(|event| event.render_fetched()).collect();
    Ok(page.answer(rows))
}
