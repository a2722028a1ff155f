//! A JSON value read as a text or a number; anything else reads as an empty one or zero.

use serde_json::Value;

/// A JSON text, empty for anything else.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A JSON integer, zero for anything else.
pub(crate) fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_default()
}
