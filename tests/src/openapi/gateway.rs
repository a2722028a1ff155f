//! What API Gateway answers in a function's place.

use serde_json::{Map, Value, json};

/// Adds to the responses of a function that it stands in front of.
pub fn add(all: &mut Map<String, Value>) {
    let busy = json!({ "too_many_requests": { "value": { "message": "Too Many Requests" } } });
    let failure = json!({ "$ref": "#/components/schemas/GatewayFailure" });
    all.insert(
        "429".to_owned(),
        json!({
            "description": "API Gateway throttles the API.",
            "content": { "application/json": { "schema": failure, "examples": busy } }
        }),
    );
    if let Some(unavailable) = all.get_mut("503") {
        or_no_instance(unavailable, failure);
    }
}

/// Its own body, where the function has no instance free.
fn or_no_instance(unavailable: &mut Value, failure: Value) {
    let said = unavailable["description"].as_str().unwrap_or_default();
    unavailable["description"] =
        json!(format!("{said}\nOr API Gateway's own: the function has no instance free."));
    if let Some(header) = unavailable.pointer_mut("/headers/Retry-After") {
        header["required"] = json!(false);
    }
    let content = &mut unavailable["content"]["application/json"];
    content["schema"] = json!({ "anyOf": [content["schema"], failure] });
    content["examples"]["no_instance"] = json!({ "value": { "message": "Service Unavailable" } });
}
