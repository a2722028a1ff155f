//! Requests as API Gateway hands them to a function, with what an authorizer in front found out.

use std::collections::BTreeMap;

use lambda_http::Request;
use serde_json::{Value, json};

/// A request to an HTTP API (payload format 2.0). `context` is that authorizer's; headers of the same name
/// are joined, as there.
pub fn event(
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
    context: &Value,
) -> Request {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut joined = BTreeMap::<String, String>::new();
    for (name, value) in headers {
        let all = joined.entry(name.to_lowercase()).or_default();
        if !all.is_empty() {
            all.push(',');
        }
        all.push_str(value);
    }
    let body = body.map(Value::to_string);
    let mut event = envelope(method, path, query, &json!(joined), body);
    event["requestContext"]["authorizer"] = json!({ "lambda": context });
    lambda_http::request::from_str(&event.to_string()).expect("an event")
}

/// The JSON of such a request, with no authorizer in front. `headers`: an object, names in lower case.
pub fn envelope(method: &str, path: &str, query: &str, headers: &Value, body: Option<String>) -> Value {
    let route = format!("{method} {path}");
    json!({
        "version": "2.0", "routeKey": route, "rawPath": path, "rawQueryString": query, "headers": headers,
        "requestContext": {
            "accountId": "123456789012", "apiId": "api", "domainName": "api.example.com",
            "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1",
                "userAgent": "test" },
            "requestId": "test", "routeKey": route, "stage": "$default", "timeEpoch": 0
        },
        "body": body, "isBase64Encoded": false
    })
}
