//! Events as API Gateway makes them: payload format 2.0 (AWS: Create AWS Lambda proxy integrations for HTTP
//! APIs).

use std::collections::BTreeMap;

use axum::extract::RawPathParams;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use shared::clock::Clock;
use url::form_urlencoded;

/// A request that came in. Nothing of its `requestContext` is the client's.
pub struct Incoming {
    event: Map<String, Value>,
    content_type: String,
}

impl Incoming {
    /// A request to a route; `named` is what stands in its path for `{name}`.
    pub fn new(route_key: &str, named: &RawPathParams, head: &Parts) -> Self {
        let (path, query) = (head.uri.path(), head.uri.query().unwrap_or_default());
        let headers = headers(&head.headers);
        let text = |name: &str| headers.get(name).cloned().unwrap_or_default();
        let now = Clock::System.now();
        let context = json!({
            "accountId": "000000000000", "apiId": "local", "domainName": text("host"),
            "domainPrefix": "local",
            "http": {
                "method": head.method.as_str(), "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1",
                "userAgent": text("user-agent")
            },
            "requestId": format!("{:032x}", fastrand::u128(..)), "routeKey": route_key, "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(), "timeEpoch": now.as_millisecond()
        });
        let content_type = text("content-type");
        let mut event = Map::from_iter([
            ("version".to_owned(), json!("2.0")),
            ("routeKey".to_owned(), json!(route_key)),
            ("rawPath".to_owned(), json!(path)),
            ("rawQueryString".to_owned(), json!(query)),
            ("headers".to_owned(), json!(headers)),
            ("requestContext".to_owned(), context),
        ]);
        let cookies = cookies(&head.headers);
        if !cookies.is_empty() {
            event.insert("cookies".to_owned(), json!(cookies));
        }
        let parameters = parameters(query);
        if !parameters.is_empty() {
            event.insert("queryStringParameters".to_owned(), json!(parameters));
        }
        let named: BTreeMap<&str, &str> = named.iter().collect();
        if !named.is_empty() {
            event.insert("pathParameters".to_owned(), json!(named));
        }
        Self { event, content_type }
    }

    /// For the function, with the body.
    pub fn into_event(self, body: &[u8]) -> Value {
        let mut event = self.event;
        let text = std::str::from_utf8(body).ok().filter(|_| is_text(&self.content_type));
        let encoded = text.is_none() && !body.is_empty();
        event.insert("isBase64Encoded".to_owned(), json!(encoded));
        if !body.is_empty() {
            let body = text.map_or_else(|| STANDARD.encode(body), str::to_owned);
            event.insert("body".to_owned(), json!(body));
        }
        Value::Object(event)
    }
}

/// Names in lower case, several headers of a name joined by commas; cookies have a place of their own.
fn headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut joined = BTreeMap::new();
    for name in headers.keys().filter(|name| **name != header::COOKIE) {
        let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        joined.insert(name.as_str().to_owned(), values.collect::<Vec<_>>().join(","));
    }
    joined
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(';')).map(|cookie| cookie.trim().to_owned()).collect()
}

/// Decoded, several of a name joined by commas.
fn parameters(query: &str) -> BTreeMap<String, String> {
    let mut joined = BTreeMap::<String, String>::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match joined.entry(name.into_owned()) {
            std::collections::btree_map::Entry::Vacant(entry) => drop(entry.insert(value.into_owned())),
            std::collections::btree_map::Entry::Occupied(mut entry) => {
                entry.get_mut().push(',');
                entry.get_mut().push_str(&value);
            }
        }
    }
    joined
}

/// What API Gateway hands over as text; anything else it encodes, forms too.
fn is_text(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind.starts_with("text/")
        || ["application/json", "application/javascript", "application/xml"].contains(&kind.as_str())
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
}
