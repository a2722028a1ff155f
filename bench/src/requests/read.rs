//! Reads of entitlements, as API Gateway hands them over.

use std::sync::Arc;

use serde_json::{Value, json};

use super::people::People;
use super::population::org;
use super::template::{Hole, Template, Values};
use crate::runtime::Source;

/// Who asks about whom, and how.
#[derive(Clone, Copy, Debug)]
pub enum Asker {
    /// A few members of random organizations, of whom the instance knows that their tokens are good.
    Anybody,
    /// The member of a random organization, whose token the instance has most likely never seen.
    Newcomer,
    /// The person with this number asks about the organizations from one number to another.
    Person(u64, u64, u64),
    /// A few members ask again and again, and name the answer that they have: it has not changed.
    WithTheAnswer,
    /// A few members ask again and again.
    AgainAndAgain,
}

/// How many members ask again and again: fewer than requests that do not count.
const FEW: usize = 25;

/// The reads of one instance.
pub struct ReadSource {
    people: Arc<People>,
    asker: Asker,
    /// The token of [`Asker::Person`].
    token: String,
    envelope: Template,
    /// The members who ask again.
    few: Vec<Again>,
    next: usize,
}

struct Again {
    values: Values,
    etag: Option<String>,
}

impl ReadSource {
    /// For one instance.
    pub fn new(people: &Arc<People>, asker: Asker) -> Self {
        let again = |_| {
            let (number, token) = people.member();
            Again { values: values(number, token), etag: None }
        };
        let few = match asker {
            Asker::Anybody | Asker::WithTheAnswer | Asker::AgainAndAgain => (0..FEW).map(again).collect(),
            Asker::Newcomer | Asker::Person(..) => Vec::new(),
        };
        let token = match asker {
            Asker::Person(number, ..) => people.token(number),
            _ => String::new(),
        };
        Self { people: Arc::clone(people), asker, token, envelope: envelope(), few, next: 0 }
    }

    /// A read by the member of this organization.
    pub fn event(people: &People, number: u64) -> Value {
        let values = values(number, &people.token(number));
        serde_json::from_str(&envelope().filled(&values)).expect("JSON")
    }
}

impl Source for ReadSource {
    fn next(&mut self, event: &mut Vec<u8>) {
        let fresh;
        let (values, etag) = match self.asker {
            Asker::Newcomer => {
                let (number, token) = self.people.member();
                fresh = values(number, token);
                (&fresh, None)
            }
            Asker::Person(_, first, last) => {
                fresh = values(fastrand::u64(first..=last), &self.token);
                (&fresh, None)
            }
            Asker::Anybody | Asker::WithTheAnswer | Asker::AgainAndAgain => {
                self.next = (self.next + 1) % self.few.len();
                let again = &self.few[self.next];
                (&again.values, again.etag.as_deref())
            }
        };
        self.envelope.fill(values, event);
        if let Some(etag) = etag {
            // Instead of the end of the headers, which come last.
            event.truncate(event.len() - END.len());
            event.extend_from_slice(format!(",\"if-none-match\":\"\\\"{etag}\\\"\"{END}").as_bytes());
        }
    }

    fn take(&mut self, answer: &[u8]) -> bool {
        let answer = String::from_utf8_lossy(answer);
        let is_known = self.few.get(self.next).is_some_and(|again| again.etag.is_some());
        if let (Asker::WithTheAnswer, false) = (self.asker, is_known) {
            // "etag":"\"...\""
            let tag = answer.split_once("\"etag\":\"\\\"").and_then(|(_, rest)| rest.split_once("\\\""));
            self.few[self.next].etag = tag.map(|(tag, _)| tag.to_owned());
        }
        let expected = if is_known { "\"statusCode\":304" } else { "\"statusCode\":200" };
        answer.contains(expected)
    }
}

/// Somebody with this token asks about the organization with this number.
fn values(number: u64, token: &str) -> Values {
    Values::new([(Hole::Org, org(number)), (Hole::Token, token.to_owned())])
}

/// How the envelope ends.
const END: &str = "}}";

/// What an HTTP API hands over (AWS, "Create AWS Lambda proxy integrations for HTTP APIs"), with a browser's
/// headers at its end.
fn envelope() -> Template {
    let headers = json!({
        "accept": "application/json", "accept-encoding": "gzip, deflate, br",
        "authorization": "Bearer @token", "content-length": "0",
        "host": "api.example.com", "origin": "https://app.example.com", "referer": "https://app.example.com/",
        "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "x-amzn-trace-id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700", "x-forwarded-for": "192.0.2.1",
        "x-forwarded-port": "443", "x-forwarded-proto": "https"
    });
    let event = json!({
        "version": "2.0", "routeKey": "GET /api/entitlements", "rawPath": "/api/entitlements",
        "rawQueryString": "orgId=@org", "queryStringParameters": { "orgId": "@org" },
        "requestContext": {
            "accountId": "123456789012", "apiId": "api-id",
            "domainName": "api.example.com", "domainPrefix": "api",
            "http": {
                "method": "GET", "path": "/api/entitlements", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1",
                "userAgent": "Mozilla/5.0"
            },
            "requestId": "JKJaXmPLvHcESHA=", "routeKey": "GET /api/entitlements", "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": 1_767_225_600_000_i64
        },
        "isBase64Encoded": false
    });
    let text = event.to_string();
    let text = format!("{},\"headers\":{headers}}}", &text[..text.len() - 1]);
    Template::cut(&text, &[("@org", Hole::Org), ("@token", Hole::Token)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requests::Population;

    fn people() -> Arc<People> {
        Arc::new(People::sign_in(Population { organizations: 400, events: 0 }))
    }

    fn next(source: &mut ReadSource) -> Value {
        let mut event = Vec::new();
        source.next(&mut event);
        serde_json::from_slice(&event).unwrap()
    }

    #[test]
    fn whoever_has_the_answer_names_it_from_the_second_time_on_and_expects_that_nothing_changed() {
        let mut source = ReadSource::new(&people(), Asker::WithTheAnswer);
        for _ in 0..FEW {
            let first = next(&mut source);
            assert_eq!(first["headers"]["if-none-match"], Value::Null);
            assert_eq!(first["headers"]["host"], "api.example.com");
            assert!(source.take(br#"{"statusCode":200,"headers":{"etag":"\"0a1b\""}}"#));
        }
        assert_eq!(next(&mut source)["headers"]["if-none-match"], "\"0a1b\"");
        assert!(source.take(br#"{"statusCode":304}"#));
        next(&mut source);
        assert!(!source.take(br#"{"statusCode":200}"#));
    }

    #[test]
    fn a_person_asks_about_all_their_organizations() {
        let mut source = ReadSource::new(&people(), Asker::Person(7, 2, 4));
        for _ in 0..20 {
            let event = next(&mut source);
            let token = event["headers"]["authorization"].as_str().unwrap();
            assert_eq!(token, format!("Bearer {}", source.token));
            assert!((2..=4).any(|number| event["rawQueryString"] == format!("orgId={}", org(number))));
        }
    }
}
