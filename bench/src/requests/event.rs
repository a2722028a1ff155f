//! Signed events, out of the samples in `events/stripe/`: a subscription is bought, moved to the larger plan
//! and canceled, and then the next one.

use std::fs;
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use shared::clock::Clock;

use super::population::{Population, customer, org, subscription_id};
use super::template::{Hole, Template, Values};
use crate::runtime::Source;

/// What events are signed with.
pub const SIGNING_SECRET: &str = "whsec_bench";

/// What happens to a subscription, one after the other, and the plan that it has then. Each changes what the
/// organization has.
pub const STEPS: [(&str, &str); 3] =
    [("created", "pro"), ("updated", "enterprise"), ("deleted", "enterprise")];

/// The events of one instance.
pub struct EventSource {
    steps: [Step; 3],
    /// Lambda's envelope: before the body, before the signature, after it.
    envelope: [String; 3],
    population: Population,
    lane: (u64, u64),
    next: usize,
    /// When the subscription was bought, Unix seconds.
    since: i64,
    values: Values,
    body: Vec<u8>,
}

/// An event of one kind: as Stripe sends it, and the same inside of the envelope.
struct Step {
    body: Template,
    in_json: Template,
}

impl EventSource {
    /// For the instance number `lane` of `lanes`.
    pub fn new(root: &Path, population: Population, lane: u64, lanes: u64) -> Self {
        let steps = STEPS.map(|(step, plan)| {
            let body = event(root, step, plan);
            Step { in_json: body.in_json(), body }
        });
        Self {
            steps,
            envelope: envelope(),
            population,
            lane: (lane, lanes),
            next: STEPS.len(),
            since: 0,
            values: Values::default(),
            body: Vec::new(),
        }
    }

    /// Has this organization buy its subscription `serial` next, at that Unix second.
    pub fn begin(&mut self, number: u64, serial: u64, since: i64) {
        self.values = Values::new([
            (Hole::Org, org(number)),
            (Hole::Customer, customer(number)),
            (Hole::Subscription, subscription_id(number, serial)),
        ]);
        (self.since, self.next) = (since, 0);
    }

    /// What the holes of the last event were filled with.
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// The last event, as Stripe sent it.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl Source for EventSource {
    fn next(&mut self, event: &mut Vec<u8>) {
        if self.next == STEPS.len() {
            let number = self.population.buyer(self.lane.0, self.lane.1);
            // Within the last weeks.
            let since = Clock::System.now().as_second() - fastrand::i64(60..20 * 86400);
            self.begin(number, fastrand::u64(1..1 << 62), since);
        }
        let step = &self.steps[self.next];
        let created = self.since + i64::try_from(self.next).expect("a few");
        self.values.set(Hole::Created, created.to_string());
        self.values.set(Hole::Before, (created - 1).to_string());
        self.values.set(Hole::Event, format!("evt_{:024x}", fastrand::u128(..) >> 32));
        self.body.clear();
        step.body.fill(&self.values, &mut self.body);
        let [head, middle, end] = &self.envelope;
        event.extend_from_slice(head.as_bytes());
        step.in_json.fill(&self.values, event);
        event.extend_from_slice(middle.as_bytes());
        event.extend_from_slice(signature(&self.body).as_bytes());
        event.extend_from_slice(end.as_bytes());
        self.next += 1;
    }

    fn take(&mut self, answer: &[u8]) -> bool {
        let answer = String::from_utf8_lossy(answer);
        answer.contains("\"statusCode\":200") && answer.contains("applied")
    }
}

/// The sample of a step, indented as Stripe sends it.
fn event(root: &Path, step: &str, plan: &str) -> Template {
    let (mut event, marks) = sample(root, step, plan);
    event["id"] = json!("@event");
    event["created"] = json!("@created");
    let text = serde_json::to_string_pretty(&event).expect("JSON");
    let mut all = vec![("@event", Hole::Event), ("\"@created\"", Hole::Created)];
    all.extend(marks);
    Template::cut(&text, &all)
}

/// The object of the sample `updated`, on one line, as in Stripe's lists.
pub fn subscription(root: &Path) -> Template {
    let (mut event, mut marks) = sample(root, "updated", "pro");
    event["data"]["object"]["created"] = json!("@since");
    marks.push(("\"@since\"", Hole::Since));
    Template::cut(&event["data"]["object"].to_string(), &marks)
}

type Marks = Vec<(&'static str, Hole)>;

fn sample(root: &Path, step: &str, plan: &str) -> (Value, Marks) {
    let path = root.join(format!("events/stripe/customer.subscription.{step}.json"));
    let text = fs::read_to_string(&path).expect("a sample of each event");
    let event: Value = serde_json::from_str(&text).expect("JSON");
    let object = &event["data"]["object"];
    let sampled = |value: &Value| value.as_str().expect("an id").to_owned();
    // Each plan has a price of its own.
    let price = sampled(&object["items"]["data"][0]["price"]["id"]);
    let text = text
        .replace(&sampled(&object["id"]), "@subscription")
        .replace(&sampled(&object["customer"]), "@customer")
        .replace(&sampled(&object["metadata"]["org_id"]), "@org")
        // In the sample it is paid a moment later.
        .replace("\"status\": \"incomplete\"", "\"status\": \"active\"")
        .replace(&price, &format!("price_of_{plan}"))
        .replace("promptforge_pro_", &format!("promptforge_{plan}_"))
        .replace("\"plan_code\": \"pro\"", &format!("\"plan_code\": \"{plan}\""));
    let marks =
        vec![("@subscription", Hole::Subscription), ("@customer", Hole::Customer), ("@org", Hole::Org)];
    (serde_json::from_str(&text).expect("JSON"), marks)
}

/// `Stripe-Signature`, made now.
fn signature(body: &[u8]) -> String {
    let time = Clock::System.now().as_second();
    let mut mac = Hmac::<Sha256>::new_from_slice(SIGNING_SECRET.as_bytes()).expect("any key is allowed");
    mac.update(format!("{time}.").as_bytes());
    mac.update(body);
    format!("t={time},v1={}", hex::encode(mac.finalize().into_bytes()))
}

/// What a function URL hands over (AWS, "Invoking Lambda function URLs"), with Stripe's headers.
fn envelope() -> [String; 3] {
    let event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/", "rawQueryString": "",
        "headers": {
            "accept": "*/*; q=0.5, application/xml", "accept-encoding": "gzip", "cache-control": "no-cache",
            "content-length": "5200", "content-type": "application/json; charset=utf-8",
            "host": "abcdefghijklmnopqrstuvwxyz012345.lambda-url.eu-central-1.on.aws",
            "stripe-signature": "@signature", "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "x-amzn-tls-cipher-suite": "TLS_AES_128_GCM_SHA256", "x-amzn-tls-version": "TLSv1.3",
            "x-amzn-trace-id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700", "x-forwarded-for": "192.0.2.1",
            "x-forwarded-port": "443", "x-forwarded-proto": "https"
        },
        "requestContext": {
            "accountId": "anonymous", "apiId": "abcdefghijklmnopqrstuvwxyz012345",
            "domainName": "abcdefghijklmnopqrstuvwxyz012345.lambda-url.eu-central-1.on.aws",
            "domainPrefix": "abcdefghijklmnopqrstuvwxyz012345",
            "http": {
                "method": "POST", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1",
                "userAgent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)"
            },
            "requestId": "8476a536-e9f4-11e8-9739-2dfe598c3fcd", "routeKey": "$default", "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": 1_767_225_600_000_i64
        },
        "body": "@body", "isBase64Encoded": false
    });
    let text = event.to_string();
    let (head, rest) = text.split_once("@body").expect("its place");
    // In the order of names the body comes first.
    let (middle, end) = rest.split_once("@signature").expect("its place");
    [head.to_owned(), middle.to_owned(), end.to_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_subscription_is_bought_moved_and_canceled_by_events_that_stripe_could_have_signed() {
        let root = ::tests::root();
        let mut source = EventSource::new(&root, Population { organizations: 20, events: 0 }, 0, 1);
        let mut seen = Vec::new();
        for _ in 0..4 {
            let mut event = Vec::new();
            source.next(&mut event);
            let event: Value = serde_json::from_slice(&event).unwrap();
            let body = event["body"].as_str().unwrap();
            assert_eq!(body.as_bytes(), source.body());
            let header = event["headers"]["stripe-signature"].as_str().unwrap();
            assert_eq!(header, signature(body.as_bytes()));
            let body: Value = serde_json::from_str(body).unwrap();
            let object = &body["data"]["object"];
            assert_eq!(object["items"]["data"][0]["subscription"], object["id"]);
            seen.push((body["type"].as_str().unwrap()[22..].to_owned(), object["id"].clone()));
        }
        let kinds: Vec<_> = seen.iter().map(|(kind, _)| kind.as_str()).collect();
        assert_eq!(kinds, ["created", "updated", "deleted", "created"]);
        assert_eq!(seen[0].1, seen[2].1);
        assert_ne!(seen[0].1, seen[3].1);
    }
}
