//! What API v2 does otherwise: JSON bodies, lists with the addresses of the pages around, fields that are
//! only shown if they are asked for, and errors without a `param`.

use std::ops::Range;

use serde_json::{Value, json};

use super::errors::ApiError;
use super::form;
use super::params::Params;

/// The parameters every list takes.
pub(crate) const PAGING: [&str; 2] = ["limit", "page"];

/// The parameters of a call: its query, or its body.
pub(crate) fn params(query: &str, body: &[u8]) -> Result<Params, ApiError> {
    if body.is_empty() {
        return Ok(Params::from_json(&form::parse(query.as_bytes())));
    }
    let body: Value = serde_json::from_slice(body).map_err(|_| {
        ApiError::invalid("The request body could not be parsed as JSON.").code("invalid_json")
    })?;
    if body.is_object() { Ok(Params::from_json(&body)) } else { Ok(Params::from_json(&json!({}))) }
}

/// A list of texts; one alone need not be a list.
pub(crate) fn texts<'p>(params: &'p Params, path: &str) -> Vec<&'p str> {
    params.text(path).map_or_else(|| params.texts(path), |text| vec![text])
}

/// The fields that the call asks for, all of which must be among these.
pub(crate) fn include<'p>(params: &'p Params, allowed: &[&str]) -> Result<Vec<&'p str>, ApiError> {
    let included = texts(params, "include");
    match included.iter().position(|field| !allowed.contains(field)) {
        None => Ok(included),
        Some(at) => Err(ApiError::invalid(format!(
            "Unrecognized enum value '{}', valid values are: {}.",
            included[at],
            allowed.join(", ")
        ))
        .param(format!("include[{at}]"))),
    }
}

/// One page of a list.
pub(crate) struct Page {
    /// Which rows are on it.
    pub(crate) rows: Range<usize>,
    next: Option<String>,
    previous: Option<String>,
}

impl Page {
    /// The page that the call asks for, of rows with these ids.
    pub(crate) fn of(path: &str, params: &Params, ids: &[&str]) -> Result<Page, ApiError> {
        let limit = params.int("limit")?.unwrap_or(20);
        let limit = usize::try_from(limit).ok().filter(|limit| (1..=100).contains(limit));
        let limit = limit.ok_or_else(|| ApiError::invalid("Must be between 1 and 100.").param("limit"))?;
        let rows = match params.text("page") {
            None => 0..limit.min(ids.len()),
            Some(page) => {
                let found = page.split_once('.').and_then(|(side, edge)| {
                    let at = ids.iter().position(|id| *id == edge)?;
                    Some(if side == "after" {
                        at + 1..(at + 1 + limit).min(ids.len())
                    } else {
                        at.saturating_sub(limit)..at
                    })
                });
                found.ok_or_else(|| ApiError::invalid("Invalid page token.").param("page"))?
            }
        };
        let link = |side: &str, edge: &&str| {
            let mut query = params.value().clone();
            query["page"] = json!(format!("{side}.{edge}"));
            format!("{path}?{}", form::encode(&query))
        };
        let (first, last) = (ids[rows.clone()].first(), ids[rows.clone()].last());
        Ok(Page {
            next: last.filter(|_| rows.end < ids.len()).map(|edge| link("after", edge)),
            previous: first.filter(|_| rows.start > 0).map(|edge| link("before", edge)),
            rows,
        })
    }

    /// The answer, with what stands in the rows.
    pub(crate) fn answer(self, data: Vec<Value>) -> Value {
        json!({ "data": data, "next_page_url": self.next, "previous_page_url": self.previous })
    }
}

/// An error's status and body as API v2 answers it.
pub(crate) fn error(error: &ApiError) -> (u16, Value) {
    let field = |why: &str| {
        let name = error.param.as_deref().unwrap_or_default();
        ("invalid_fields", format!("Some fields in the request were invalid: '{name}: {why}'"))
    };
    let ((code, message), kind) = match (error.kind, error.code) {
        // A key that is not let in is no matter of the version.
        _ if error.status == 401 => return (401, error.body()),
        ("idempotency_error", _) => (("idempotency_error", error.message.clone()), Some("idempotency_error")),
        (_, Some("rate_limit")) => (("rate_limit", error.message.clone()), Some("rate_limit")),
        (_, Some("resource_missing")) => (("not_found", error.message.clone()), None),
        (_, Some("parameter_missing")) => (field("This field is required."), None),
        (_, Some("parameter_unknown")) => (field("Unrecognized field."), None),
        _ if error.param.is_some() => (field(&error.message), None),
        (kind, code) => ((code.unwrap_or(kind), error.message.clone()), None),
    };
    let status = if code == "idempotency_error" { 409 } else { error.status };
    let mut body = json!({ "code": code, "message": message });
    if let Some(kind) = kind {
        body["type"] = json!(kind);
    }
    (status, json!({ "error": body }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDS: [&str; 5] = ["e5", "e4", "e3", "e2", "e1"];

    fn walk(mut params: Value, side: &str) -> Vec<Vec<&'static str>> {
        let mut pages = Vec::new();
        loop {
            let page = Page::of("/v2/things", &Params::from_json(&params), &IDS).unwrap();
            pages.push(IDS[page.rows.clone()].to_vec());
            let answer = page.answer(Vec::new());
            let Some(url) = answer[side].as_str() else { return pages };
            let (path, query) = url.split_once('?').unwrap();
            assert_eq!(path, "/v2/things");
            params = form::parse(query.as_bytes());
        }
    }

    #[test]
    fn the_addresses_of_the_pages_lead_there_and_back_with_the_callers_parameters() {
        let there = walk(json!({ "limit": 2, "types": ["a", "b"] }), "next_page_url");
        assert_eq!(there, [vec!["e5", "e4"], vec!["e3", "e2"], vec!["e1"]]);
        let back = walk(json!({ "limit": 2, "page": "after.e2" }), "previous_page_url");
        assert_eq!(back, [vec!["e1"], vec!["e3", "e2"], vec!["e5", "e4"]]);
        let params = Params::from_json(&json!({ "limit": 1, "types": ["a", "b"] }));
        let next = Page::of("/v2/things", &params, &IDS).unwrap().next.unwrap();
        let query = form::parse(next.split_once('?').unwrap().1.as_bytes());
        assert_eq!(query["types"], json!(["a", "b"]));
    }

    #[test]
    fn errors_name_the_field_in_their_message() {
        let missing = error(&ApiError::missing_param("name"));
        let expected = "Some fields in the request were invalid: 'name: This field is required.'";
        assert_eq!(missing, (400, json!({ "error": { "code": "invalid_fields", "message": expected } })));
        let unknown = error(&ApiError::no_such("event destination", "ed_1", "id").status(404));
        assert_eq!((unknown.0, &unknown.1["error"]["code"]), (404, &json!("not_found")));
        let other = error(&ApiError::invalid("Other parameters.").kind("idempotency_error"));
        assert_eq!((other.0, &other.1["error"]["type"]), (409, &json!("idempotency_error")));
    }
}
