//! Holds what is answered against the document. Every answer that a test gets goes through here, so the
//! document cannot fall behind.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};

static DOCUMENT: LazyLock<Value> = LazyLock::new(super::document);

/// What is wrong with a value by a schema of the document; `strict`: fields that the schema does not name are
/// wrong, too.
pub fn problems(schema: &Value, strict: bool, value: &Value) -> Vec<String> {
    let mut whole = json!({ "allOf": [schema], "components": DOCUMENT["components"] });
    if strict {
        whole["unevaluatedProperties"] = json!(false);
    }
    let validator: Validator =
        match jsonschema::draft202012::options().should_validate_formats(true).build(&whole) {
            Ok(validator) => validator,
            Err(error) => return vec![format!("no schema: {error}")],
        };
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Asserts that the document tells of this answer of a function.
#[track_caller]
pub fn assert_documented(function: &str, status: u16, body: &Value, header: impl Fn(&str) -> Option<String>) {
    let operation = operation(function);
    let response = &operation["responses"][status.to_string()];
    assert!(response.is_object(), "{function} does not document {status}: {body}");
    for (name, declared) in response["headers"].as_object().into_iter().flatten() {
        let Some(value) = header(name) else {
            assert_eq!(declared["required"], false, "{function} {status} documents {name}");
            continue;
        };
        let value = value.parse::<u64>().map_or_else(|_| json!(value), Value::from);
        assert_eq!(problems(&declared["schema"], false, &value), [""; 0], "{function} {status} {name}");
    }
    let schema = &response["content"]["application/json"]["schema"];
    if schema.is_null() {
        assert!(body.is_null(), "{function} {status} documents no body: {body}");
    } else {
        assert_eq!(problems(schema, true, body), [""; 0], "{function} {status}: {body}");
    }
}

/// The document's word on a function: its path ends in the function's name, but for Stripe's and
/// OpenFeature's.
fn operation(function: &str) -> &'static Value {
    let ending = match function {
        "webhook" => "/stripe",
        "ofrep" => "/flags",
        "ofrep {key}" => "/flags/{key}",
        function => &format!("/{function}"),
    };
    let found = DOCUMENT["paths"].as_object().into_iter().flatten().find(|(path, _)| path.ends_with(ending));
    let methods = found.and_then(|(_, item)| item.get("get").or(item.get("post")));
    methods.unwrap_or_else(|| panic!("no operation of {function}"))
}
