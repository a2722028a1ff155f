//! openapi.json: it is what the types say, and its examples are good.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};
use shared::config::Function;
use tests::openapi::{FILE, document, documented, problems};

#[test]
fn the_committed_file_is_what_the_types_say() {
    let file = tests::root().join(FILE);
    // As values: in which order the fields are printed depends on what else is built.
    let committed: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    assert!(committed == document(), "{FILE} is old: run `cargo openapi` and commit it");
}

/// Every `content` of the document, and where it is.
fn contents(at: String, value: &Value, found: &mut Vec<(String, Value)>) {
    for (name, part) in value.as_object().into_iter().flatten() {
        let at = format!("{at}/{name}");
        match name.as_str() {
            "content" => found.push((at, part["application/json"].clone())),
            _ => contents(at, part, found),
        }
    }
}

#[test]
fn every_request_and_answer_has_an_example_that_its_schema_takes() {
    let mut found = Vec::new();
    contents(String::new(), &document()["paths"], &mut found);
    assert!(found.len() > 25, "{}", found.len());
    for (at, content) in found {
        let examples = content["examples"].as_object().unwrap_or_else(|| panic!("{at} has no example"));
        assert!(!examples.is_empty(), "{at}");
        // Stripe's events hold more than we read.
        let strict = !at.contains("stripe/post/requestBody");
        for (name, example) in examples {
            assert_eq!(problems(&content["schema"], strict, &example["value"]), [""; 0], "{at} {name}");
        }
    }
}

#[test]
fn every_operation_has_what_a_generator_of_clients_needs() {
    let document = document();
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let (_, operation) = item.as_object().unwrap().iter().find(|(name, _)| *name != "servers").unwrap();
        for field in ["operationId", "summary", "description"] {
            assert!(operation[field].is_string(), "{path} has no {field}");
        }
        ids.insert(operation["operationId"].as_str().unwrap().to_owned());
        for (status, response) in operation["responses"].as_object().unwrap() {
            assert!(response["description"].is_string(), "{path} {status}");
        }
    }
    let expected = [
        "evaluateFlag",
        "evaluateFlags",
        "getEntitlements",
        "getHealth",
        "getPlans",
        "openPortal",
        "receiveStripeEvent",
        "startCheckout",
        "syncAfterCheckout",
    ];
    assert!(ids.iter().eq(expected.iter()), "{ids:?}");
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(schema["description"].is_string(), "{name} has no description");
        let closed = ["CheckoutRequest", "PortalRequest", "SyncRequest"].contains(&name.as_str());
        assert_eq!(schema["additionalProperties"] == json!(false), closed, "{name}");
    }
}

#[test]
fn the_table_and_the_document_have_the_same_failures() {
    let document = document();
    for function in Function::ALL {
        let mut found = BTreeSet::new();
        for (method, path) in function.routes() {
            let responses = &document["paths"][path][method.to_lowercase()]["responses"];
            for response in responses.as_object().unwrap().values() {
                let schema = &response["content"]["application/json"]["schema"];
                // Where API Gateway may answer too, ours is the first of both.
                let ours = schema.pointer("/anyOf/0").unwrap_or(schema);
                let codes = ours.pointer("/allOf/1/properties/code/enum").and_then(Value::as_array);
                let codes = codes.into_iter().flatten();
                found.extend(codes.map(|code| code.as_str().unwrap().to_owned()));
            }
        }
        let expected: BTreeSet<String> = documented(function.name()).into_iter().map(str::to_owned).collect();
        assert_eq!(found, expected, "{}", function.name());
    }
}
