//! Parts of the answers' JSON Schemas that Rust's types do not show.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use crate::domain::feature::Feature;

/// `success` of every answer that is one.
pub fn always_true(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "boolean", "const": true })
}

/// `success` of every failure.
pub fn always_false(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "boolean", "const": false })
}

/// An absolute address.
pub fn uri(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "format": "uri" })
}

/// An absolute address, or nothing.
pub fn optional_uri(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["string", "null"], "format": "uri" })
}

/// All flags, each on or off, and nothing else.
pub fn flags(_: &mut SchemaGenerator) -> Schema {
    let names: Vec<_> = Feature::ALL.iter().map(|feature| feature.as_str()).collect();
    let properties: Map<String, Value> = Feature::ALL
        .iter()
        .map(|feature| {
            let flag = json!({ "type": "boolean", "description": feature.description() });
            (feature.as_str().to_owned(), flag)
        })
        .collect();
    json_schema!({ "type": "object", "properties": properties, "required": names,
        "additionalProperties": false })
}
