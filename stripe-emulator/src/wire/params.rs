//! Parameters of one call: typed reads with Stripe's refusals, and the refusal of unknown names.

use serde_json::{Map, Value, json};

use super::errors::ApiError;

/// The parameters of one call. Every leaf is a string, as in a form.
#[derive(Debug, Clone)]
pub(crate) struct Params(Value);

impl Params {
    /// From JSON as Rust callers write it: numbers and booleans become the strings a form would carry.
    pub(crate) fn from_json(value: &Value) -> Params {
        Params(strings(value))
    }

    pub(crate) fn value(&self) -> &Value {
        &self.0
    }

    /// The value at a dotted path such as `subscription_data.metadata` or `items.0.price`.
    pub(crate) fn get(&self, path: &str) -> Option<&Value> {
        path.split('.').try_fold(&self.0, |value, name| match value {
            Value::Array(list) => list.get(name.parse::<usize>().ok()?),
            other => other.get(name),
        })
    }

    /// A non-empty text.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.get(path).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// Whether the caller sent an empty value, which in Stripe's API unsets a field.
    pub(crate) fn unsets(&self, path: &str) -> bool {
        self.get(path).and_then(Value::as_str) == Some("")
    }

    pub(crate) fn required(&self, path: &str) -> Result<&str, ApiError> {
        self.text(path).ok_or_else(|| ApiError::missing_param(&brackets(path)))
    }

    pub(crate) fn int(&self, path: &str) -> Result<Option<i64>, ApiError> {
        let Some(text) = self.text(path) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| {
            ApiError::invalid(format!("Invalid integer: {text}"))
                .code("parameter_invalid_integer")
                .param(brackets(path))
        })
    }

    pub(crate) fn flag(&self, path: &str) -> Result<Option<bool>, ApiError> {
        match self.text(path) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => Err(ApiError::invalid(format!("Invalid boolean: {other}")).param(brackets(path))),
        }
    }

    /// A text that must be one of `allowed`.
    pub(crate) fn one_of(&self, path: &str, allowed: &[&str]) -> Result<Option<&str>, ApiError> {
        match self.text(path) {
            Some(text) if !allowed.contains(&text) => Err(ApiError::invalid(format!(
                "Invalid {}: must be one of {}",
                brackets(path),
                allowed.join(", ")
            ))
            .param(brackets(path))),
            other => Ok(other),
        }
    }

    pub(crate) fn list(&self, path: &str) -> &[Value] {
        self.get(path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn texts(&self, path: &str) -> Vec<&str> {
        self.list(path).iter().filter_map(Value::as_str).collect()
    }

    /// Metadata given at `path`, empty values left out.
    pub(crate) fn metadata(&self, path: &str) -> Value {
        let mut metadata = json!({});
        self.merge_metadata(path, &mut metadata);
        metadata
    }

    /// Stripe's merge: given keys replace, an empty value removes its key, an empty `metadata` removes all.
    pub(crate) fn merge_metadata(&self, path: &str, current: &mut Value) {
        if self.unsets(path) || !current.is_object() {
            *current = json!({});
        }
        let (Some(Value::Object(given)), Value::Object(current)) = (self.get(path), current) else { return };
        for (key, value) in given {
            if value.as_str() == Some("") {
                current.remove(key);
            } else {
                current.insert(key.clone(), value.clone());
            }
        }
    }

    /// Copies the named texts onto an object: absent ones stay, empty ones become null.
    pub(crate) fn copy(&self, names: &[&str], object: &mut Value) {
        for name in names {
            if self.unsets(name) {
                object[*name] = Value::Null;
            } else if let Some(given) = self.get(name) {
                object[*name] = given.clone();
            }
        }
    }

    /// Refuses every name that is not in `allowed`. List indices are left out of the paths; `metadata.*`
    /// allows whatever stands below.
    pub(crate) fn only(&self, allowed: &[&str]) -> Result<(), ApiError> {
        let mut unknown = None;
        leaves(&self.0, "", "", &mut |path, shown, is_empty| {
            let known = path == "expand" || allowed.iter().any(|entry| matches(entry, path, is_empty));
            if !known && unknown.is_none() {
                unknown = Some(shown.to_owned());
            }
        });
        unknown.map_or(Ok(()), |name| Err(ApiError::unknown_param(&name)))
    }
}

/// In the place of what is open below, an empty text unsets it; any other text is none of it.
fn matches(entry: &str, path: &str, is_empty: bool) -> bool {
    match entry.strip_suffix(".*") {
        Some(open) if path == open => is_empty,
        Some(open) => path.strip_prefix(open).is_some_and(|rest| rest.starts_with('.')),
        None => entry == path,
    }
}

/// Visits every leaf with its dotted path (no indices) and its bracketed name (with indices).
fn leaves(value: &Value, path: &str, shown: &str, visit: &mut impl FnMut(&str, &str, bool)) {
    match value {
        Value::Object(object) => object.iter().for_each(|(key, value)| {
            let dotted = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let bracketed = if shown.is_empty() { key.clone() } else { format!("{shown}[{key}]") };
            leaves(value, &dotted, &bracketed, visit);
        }),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .for_each(|(index, value)| leaves(value, path, &format!("{shown}[{index}]"), visit)),
        leaf => visit(path, shown, leaf == ""),
    }
}

/// `items.0.price` as Stripe names it: `items[0][price]`.
pub(crate) fn brackets(path: &str) -> String {
    let mut names = path.split('.');
    let head = names.next().unwrap_or_default().to_owned();
    names.fold(head, |shown, name| format!("{shown}[{name}]"))
}

fn strings(value: &Value) -> Value {
    match value {
        Value::Object(object) => Value::Object(
            object.iter().map(|(key, value)| (key.clone(), strings(value))).collect::<Map<_, _>>(),
        ),
        Value::Array(list) => Value::Array(list.iter().map(strings).collect()),
        Value::Null => json!(""),
        Value::Bool(flag) => json!(flag.to_string()),
        Value::Number(number) => json!(number.to_string()),
        Value::String(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_parameter_is_named_as_it_was_sent() {
        let params =
            Params::from_json(&json!({ "items": [{ "price": "p", "prize": 1 }], "metadata": { "a": 1 } }));
        let error = params.only(&["items.price", "metadata.*"]).unwrap_err();
        assert_eq!(error.message, "Received unknown parameter: items[0][prize]");
        assert_eq!(error.code, Some("parameter_unknown"));
    }

    #[test]
    fn metadata_merges_and_unsets() {
        let mut current = json!({ "keep": "1", "drop": "2" });
        Params::from_json(&json!({ "metadata": { "drop": "", "new": "3" } }))
            .merge_metadata("metadata", &mut current);
        assert_eq!(current, json!({ "keep": "1", "new": "3" }));
        Params::from_json(&json!({ "metadata": "" })).merge_metadata("metadata", &mut current);
        assert_eq!(current, json!({}));
    }
}
