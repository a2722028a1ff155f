//! Parts of the answers' JSON Schemas that Rust's types do not show.

use schemars::{Schema, SchemaGenerator, json_schema};

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

/// A number of seats, or nothing.
pub fn optional_seats(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["integer", "null"], "minimum": 1, "maximum": 2_147_483_647 })
}

/// Every flag of the catalogue, each on or off. Which there are, the database says.
pub fn flags(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "additionalProperties": { "type": "boolean" } })
}
