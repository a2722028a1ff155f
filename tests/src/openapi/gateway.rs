//! What API Gateway answers in a function's place.

use serde_json::{Map, Value, json};

/// Adds to the responses of a function that it stands in front of.
pub fn add(all: &mut Map<String, Value>) {
    let too_many = ("too_many_requests", "Too Many Requests");
    all.insert("429".to_owned(), own("API Gateway throttles the API.", too_many));
    for (status, because, answer) in [
        ("502", "the function ended without an answer", ("no_answer", "Internal Server Error")),
        ("503", "the function has no instance free", ("no_instance", "Service Unavailable")),
    ] {
        match all.get_mut(status) {
            Some(ours) => or_its_own(ours, because, answer),
            None => {
                all.insert(status.to_owned(), own(&format!("API Gateway's own: {because}."), answer));
            }
        }
    }
}

fn own(description: &str, (name, message): (&str, &str)) -> Value {
    let mut examples = Map::new();
    examples.insert(name.to_owned(), json!({ "value": { "message": message } }));
    json!({
        "description": description,
        "content": { "application/json": { "schema": failure(), "examples": examples } }
    })
}

fn failure() -> Value {
    json!({ "$ref": "#/components/schemas/GatewayFailure" })
}

/// Its own body, beside the function's of the same status.
fn or_its_own(ours: &mut Value, because: &str, (name, message): (&str, &str)) {
    let said = ours["description"].as_str().unwrap_or_default();
    ours["description"] = json!(format!("{said}\nOr API Gateway's own: {because}."));
    if let Some(header) = ours.pointer_mut("/headers/Retry-After") {
        header["required"] = json!(false);
    }
    let content = &mut ours["content"]["application/json"];
    content["schema"] = json!({ "anyOf": [content["schema"], failure()] });
    content["examples"][name] = json!({ "value": { "message": message } });
}
