//! What a channel listens to: changes of a table, of all rows or of those that a filter names (Supabase:
//! Postgres Changes).

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// As a client writes it when it joins; it is told the same with an id.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Binding {
    /// What the client knows it by.
    #[serde(default)]
    pub id: u32,
    event: String,
    schema: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<String>,
}

impl Binding {
    /// Why it can never be heard; none if it can.
    pub fn refusal(&self) -> Option<String> {
        match &self.filter {
            Some(filter) if parsed(filter).is_none() => Some(format!("the filter {filter} is not supported")),
            _ => None,
        }
    }

    /// Whether it is about such a change: of this table, of the kind `INSERT` or `UPDATE`.
    pub fn is_about(&self, table: &str, kind: &str) -> bool {
        let kind_fits = self.event == "*" || self.event.eq_ignore_ascii_case(kind);
        let table_fits = self.table.as_deref().is_none_or(|named| named == "*" || named == table);
        kind_fits && table_fits && matches!(self.schema.as_str(), "billing" | "*")
    }

    /// Whether its filter lets a row through.
    pub fn lets_through(&self, row: &Value) -> bool {
        let Some(filter) = &self.filter else { return true };
        let Some((column, operator, value)) = parsed(filter) else { return false };
        let found = match &row[column] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        match operator {
            "eq" => found == value,
            "neq" => found != value,
            _ => value.trim_matches(['(', ')']).split(',').any(|one| one.trim() == found),
        }
    }
}

/// Column, operator and value of `org_id=eq.5f0d...`.
fn parsed(filter: &str) -> Option<(&str, &str, &str)> {
    let (column, rest) = filter.split_once('=')?;
    let (operator, value) = rest.split_once('.')?;
    ["eq", "neq", "in"].contains(&operator).then_some((column, operator, value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn binding(filter: Value) -> Binding {
        let given = json!({ "event": "*", "schema": "billing", "table": "subscriptions", "filter": filter });
        serde_json::from_value(given).unwrap()
    }

    #[test]
    fn a_filter_lets_through_what_it_names_and_an_unknown_one_nothing() {
        let row = json!({ "org_id": "a", "version": 3 });
        for (filter, heard) in [
            ("org_id=eq.a", true),
            ("org_id=eq.b", false),
            ("org_id=neq.b", true),
            ("version=eq.3", true),
            ("version=in.(2,3)", true),
            ("version=gt.2", false),
            ("nonsense", false),
        ] {
            assert_eq!(binding(json!(filter)).lets_through(&row), heard, "{filter}");
        }
        assert!(binding(json!("version=gt.2")).refusal().is_some());
        assert!(binding(Value::Null).lets_through(&row));
    }

    #[test]
    fn it_is_about_its_table_alone() {
        let binding = binding(Value::Null);
        assert!(binding.is_about("subscriptions", "UPDATE"));
        assert!(!binding.is_about("entitlements", "UPDATE"));
    }
}
