//! Bracketed forms (`items[0][price]=x`, `expand[]=y`) read into JSON, every leaf a string, and written.

use serde_json::{Map, Value};

/// How deep brackets count: each level is a call inside the one before it. Stripe's own forms have six.
const DEEPEST: usize = 32;

/// Reads an urlencoded query or body into one object.
pub(crate) fn parse(encoded: &[u8]) -> Value {
    let mut root = Map::new();
    for (key, value) in url::form_urlencoded::parse(encoded) {
        insert(&mut root, &segments(&key), &value);
    }
    arrays(Value::Object(root), true)
}

/// Writes what [`parse`] reads.
pub(crate) fn encode(value: &Value) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    write(&mut form, "", value);
    form.finish()
}

fn write(form: &mut url::form_urlencoded::Serializer<'_, String>, name: &str, value: &Value) {
    let inner = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}[{key}]") };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| write(form, &inner(key), value)),
        Value::Array(values) => {
            values.iter().enumerate().for_each(|(at, value)| write(form, &inner(&at.to_string()), value));
        }
        Value::String(text) => {
            form.append_pair(name, text);
        }
        other => {
            form.append_pair(name, &other.to_string());
        }
    }
}

/// `items[0][price]` becomes `items`, `0`, `price`; the empty brackets of `expand[]` an empty segment.
/// What is too deep stays together as one name.
fn segments(key: &str) -> Vec<&str> {
    let Some((head, rest)) = key.split_once('[') else { return vec![key] };
    let rest = rest.strip_suffix(']').unwrap_or(rest);
    std::iter::once(head).chain(rest.splitn(DEEPEST, "][")).collect()
}

fn insert(object: &mut Map<String, Value>, path: &[&str], value: &str) {
    let Some((first, rest)) = path.split_first() else { return };
    let name = if first.is_empty() { object.len().to_string() } else { (*first).to_owned() };
    if rest.is_empty() {
        object.insert(name, Value::String(value.to_owned()));
        return;
    }
    let slot = object.entry(name).or_insert(Value::Null);
    if !slot.is_object() {
        *slot = Value::Object(Map::new());
    }
    if let Value::Object(inner) = slot {
        insert(inner, rest, value);
    }
}

/// Objects whose keys are all numbers become arrays, in the order of the numbers. `has_names`: this one has
/// none. So has metadata, where `metadata[1]` is a name and not an index, and so has the whole: each call's
/// parameters have names.
fn arrays(value: Value, has_names: bool) -> Value {
    let Value::Object(object) = value else { return value };
    let indexed = !has_names && !object.is_empty() && object.keys().all(|key| key.parse::<u32>().is_ok());
    if !indexed {
        let named = object.into_iter().map(|(key, value)| {
            let value = arrays(value, key == "metadata");
            (key, value)
        });
        return Value::Object(named.collect());
    }
    let mut entries: Vec<(u32, Value)> =
        object.into_iter().filter_map(|(key, value)| Some((key.parse().ok()?, value))).collect();
    entries.sort_by_key(|(index, _)| *index);
    Value::Array(entries.into_iter().map(|(_, value)| arrays(value, false)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn brackets_become_objects_and_lists() {
        let parsed = parse(
            b"items[1][price]=b&items[0][price]=a&items[0][quantity]=2&expand[]=data.product&expand[]=x",
        );
        let expected = json!({
            "items": [{ "price": "a", "quantity": "2" }, { "price": "b" }],
            "expand": ["data.product", "x"],
        });
        assert_eq!(parsed, expected);
        assert_eq!(parse(encode(&expected).as_bytes()), expected);
    }

    #[test]
    fn escapes_are_undone_in_names_and_values() {
        let parsed = parse(b"created%5Bgte%5D=5&name=A+%26+B");
        assert_eq!(parsed, json!({ "created": { "gte": "5" }, "name": "A & B" }));
    }

    #[test]
    fn a_name_may_be_as_deep_as_it_likes() {
        let name = "[a]".repeat(300_000);
        let parsed = parse(format!("a{name}=1").as_bytes());
        let mut inner = &parsed;
        let mut depth = 0;
        while let Some((_, value)) = inner.as_object().and_then(|object| object.iter().next()) {
            (inner, depth) = (value, depth + 1);
        }
        assert_eq!((inner, depth), (&json!("1"), DEEPEST + 1));
    }

    #[test]
    fn the_whole_is_an_object_whatever_its_names_are() {
        assert_eq!(parse(b"[limit=1"), json!({ "0": { "limit": "1" } }));
        assert_eq!(parse(b"0=a&1=b"), json!({ "0": "a", "1": "b" }));
        assert_eq!(parse(b""), json!({}));
    }

    #[test]
    fn metadata_keeps_numeric_names() {
        let parsed = parse(b"subscription_data[metadata][7]=x");
        assert_eq!(parsed, json!({ "subscription_data": { "metadata": { "7": "x" } } }));
    }
}
