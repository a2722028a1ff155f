//! Lists: newest first, `limit`, the two cursors, and the `created` filter.

use serde_json::{Value, json};

use super::errors::{Answer, ApiError};
use super::params::Params;
use super::value::number;

/// The parameters every list takes.
pub(crate) const PAGING: [&str; 3] = ["limit", "starting_after", "ending_before"];

/// The `created` filter's parameters.
pub(crate) const CREATED: [&str; 5] = ["created", "created.gt", "created.gte", "created.lt", "created.lte"];

/// One page of `rows` (oldest first, as they are stored), newest first.
pub(crate) fn page<'a>(
    url: &str,
    params: &Params,
    rows: impl DoubleEndedIterator<Item = &'a Value>,
) -> Answer {
    let limit = params.int("limit")?.unwrap_or(10);
    if !(1..=100).contains(&limit) {
        return Err(ApiError::invalid("Invalid integer: limit must be between 1 and 100").param("limit"));
    }
    let limit = usize::try_from(limit).unwrap_or(10);
    let rows: Vec<&Value> = rows.rev().collect();
    let position = |cursor: &str| {
        let Some(id) = params.text(cursor) else { return Ok(None) };
        let found = rows.iter().position(|row| row["id"] == id);
        found.map(Some).ok_or_else(|| ApiError::no_such("object", id, cursor))
    };
    let (start, end) = match (position("starting_after")?, position("ending_before")?) {
        (Some(after), _) => (after + 1, (after + 1 + limit).min(rows.len())),
        (None, Some(before)) => (before.saturating_sub(limit), before),
        (None, None) => (0, limit.min(rows.len())),
    };
    let has_more = if params.text("ending_before").is_some() { start > 0 } else { end < rows.len() };
    Ok(json!({ "object": "list", "data": &rows[start..end], "has_more": has_more, "url": url }))
}

/// The `created` filter of a list call.
#[derive(Debug, Default)]
pub(crate) struct Created(Vec<(Comparison, i64)>);

type Comparison = fn(&i64, &i64) -> bool;

impl Created {
    pub(crate) fn read(params: &Params) -> Result<Created, ApiError> {
        let tests: [(&str, Comparison); 5] = [
            ("created", i64::eq),
            ("created.gt", i64::gt),
            ("created.gte", i64::ge),
            ("created.lt", i64::lt),
            ("created.lte", i64::le),
        ];
        let mut wanted = Vec::new();
        for (name, test) in tests {
            if let Some(bound) = params.int(name)? {
                wanted.push((test, bound));
            }
        }
        Ok(Created(wanted))
    }

    pub(crate) fn fits(&self, row: &Value) -> bool {
        self.0.iter().all(|(test, bound)| test(&number(&row["created"]), bound))
    }
}

/// Whether a row has the value a filter asks for; without the filter, every row.
pub(crate) fn filters(params: &Params, row: &Value, names: &[&str]) -> bool {
    names.iter().all(|name| {
        params.text(name).is_none_or(|wanted| match &row[*name] {
            Value::Bool(flag) => flag.to_string() == wanted,
            Value::Object(expanded) => expanded.get("id").is_some_and(|id| id == wanted),
            other => other == wanted,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(params: Value) -> (Vec<String>, bool) {
        let rows: Vec<Value> = (1..=5).map(|n| json!({ "id": format!("o{n}"), "created": n })).collect();
        let page = page("/v1/things", &Params::from_json(&params), rows.iter()).unwrap();
        let ids = page["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned());
        (ids.collect(), page["has_more"] == true)
    }

    #[test]
    fn pages_go_from_the_newest_to_the_oldest() {
        assert_eq!(ids(json!({ "limit": 2 })), (vec!["o5".into(), "o4".into()], true));
        assert_eq!(
            ids(json!({ "limit": 2, "starting_after": "o4" })),
            (vec!["o3".into(), "o2".into()], true)
        );
        assert_eq!(ids(json!({ "limit": 2, "starting_after": "o2" })), (vec!["o1".into()], false));
    }

    #[test]
    fn ending_before_pages_back() {
        assert_eq!(ids(json!({ "limit": 2, "ending_before": "o2" })), (vec!["o4".into(), "o3".into()], true));
        assert_eq!(ids(json!({ "limit": 2, "ending_before": "o4" })), (vec!["o5".into()], false));
    }

    #[test]
    fn an_unknown_cursor_is_refused() {
        let params = Params::from_json(&json!({ "starting_after": "gone" }));
        let error = page("/v1/things", &params, [].iter()).unwrap_err();
        assert_eq!(error.code, Some("resource_missing"));
    }
}
