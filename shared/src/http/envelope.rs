//! What API Gateway or a function's URL hands over, made such that `lambda_http` can make a request of it.
//!
//! It puts an address together of what the client sent, and panics if that is none: a stranger who asks for
//! `/?<` would end the instance. Whatever is not plain is written as URLs write it, or left out.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lambda_http::Request;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_http::http::header::{HOST, HeaderMap, HeaderName};
use lambda_http::request::LambdaRequest;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use url::Host;

/// What says how the client reached who stands in front of us.
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// All that does not stand in an address as it is. A `%` does: most are the client's own escapes.
const NOT_PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/')
    .remove(b'%')
    .remove(b'&')
    .remove(b'=')
    .remove(b'+')
    .remove(b',')
    .remove(b':')
    .remove(b';')
    .remove(b'@')
    .remove(b'!')
    .remove(b'$')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'?');

/// An event (payload format 2.0) that is a request.
#[derive(Debug)]
pub struct Envelope(LambdaRequest);

impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // As a text first: the runtime notes the path to each value that it reads itself.
        let text = Box::<RawValue>::deserialize(deserializer)?;
        let mut event: ApiGatewayV2httpRequest =
            serde_json::from_str(text.get()).map_err(D::Error::custom)?;
        make_plain(&mut event);
        Ok(Self(LambdaRequest::ApiGatewayV2(event)))
    }
}

impl From<Envelope> for LambdaRequest {
    fn from(envelope: Envelope) -> Self {
        envelope.0
    }
}

impl From<Envelope> for Request {
    fn from(envelope: Envelope) -> Self {
        envelope.0.into()
    }
}

fn make_plain(event: &mut ApiGatewayV2httpRequest) {
    let parts = [&mut event.raw_path, &mut event.raw_query_string, &mut event.request_context.stage];
    for part in parts.into_iter().flatten() {
        let plain = Cow::from(utf8_percent_encode(part, NOT_PLAIN));
        // Compared, because one that is a single escape is borrowed too.
        if plain != *part {
            *part = plain.into_owned();
        }
    }
    if let Some(path) = event.raw_path.as_mut().filter(|path| !path.starts_with('/')) {
        path.insert(0, '/');
    }
    keep_if(&mut event.headers, &HOST, is_name);
    keep_if(&mut event.headers, &FORWARDED_PROTO, |scheme| matches!(scheme, "http" | "https"));
    event.request_context.domain_name = event.request_context.domain_name.take().filter(|name| is_name(name));
    // Who says that a body is base64 and sends none has sent what it is not.
    if event.is_base64_encoded && event.body.as_ref().is_some_and(|body| STANDARD.decode(body).is_err()) {
        event.is_base64_encoded = false;
    }
}

fn keep_if(headers: &mut HeaderMap, name: &HeaderName, is_good: impl Fn(&str) -> bool) {
    if headers.get(name).is_some_and(|value| !value.to_str().is_ok_and(is_good)) {
        headers.remove(name);
    }
}

/// A host's name, without a port, which nobody here needs. One that ends in a number is none: it is read as
/// an address of IPv4 (URL Standard, "ends in a number checker").
fn is_name(host: &str) -> bool {
    host.starts_with(|first: char| first.is_ascii_alphabetic())
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
        && matches!(Host::parse(host), Ok(Host::Domain(_)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn request(changes: &[(&str, Value)]) -> Request {
        let mut event = json!({
            "version": "2.0", "rawPath": "/api/x", "rawQueryString": "", "headers": {},
            "requestContext": { "domainName": "api.example.com", "stage": "$default",
                "http": { "method": "GET" } },
            "isBase64Encoded": false
        });
        for (pointer, value) in changes {
            *event.pointer_mut(pointer).unwrap() = value.clone();
        }
        serde_json::from_str::<Envelope>(&event.to_string()).unwrap().into()
    }

    #[test]
    fn what_is_plain_stays_as_it_is() {
        let query = "a=b%20c&d=%C3%A9+f/g?h,i:j;k@l!m$n*o'(p)-._~";
        let headers = json!({ "host": "xyz.lambda-url.eu-central-1.on.aws", "x-forwarded-proto": "http" });
        let changes =
            [("/rawQueryString", json!(query)), ("/headers", headers), ("/rawPath", json!("/a/b%2Fc"))];
        let uri = request(&changes).uri().to_string();
        assert_eq!(uri, format!("http://xyz.lambda-url.eu-central-1.on.aws/a/b%2Fc?{query}"));
    }

    #[test]
    fn no_address_ends_the_instance() {
        let nasty = ["<", "\"", "{}|\\^`[]", "é\u{0}", "#a", " ", "\n", "%zz%", "//x:99999/", ""];
        for text in nasty {
            let query = request(&[("/rawQueryString", json!(format!("orgId=1&x={text}")))]);
            request(&[("/rawQueryString", json!(text))]);
            let names = url::form_urlencoded::parse(query.uri().query().unwrap().as_bytes());
            assert_eq!(names.into_iter().next().unwrap().1, "1", "{text:?}");
            request(&[("/rawPath", json!(text))]);
            for header in ["host", "x-forwarded-proto"] {
                let value: String = text.chars().filter(|c| !c.is_control()).collect();
                request(&[("/headers", json!({ header: value }))]);
            }
            request(&[("/requestContext/domainName", json!(text))]);
            request(&[("/requestContext/stage", json!(text))]);
        }
        for host in ["api.example.com:99999", "api.0", "api.0x1.", "a.1.2.3.4", "xn--a.com", "a..b", "a."] {
            request(&[("/headers", json!({ "host": host }))]);
            request(&[("/requestContext/domainName", json!(host))]);
        }
    }
}
