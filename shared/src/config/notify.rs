//! Who is told when an organization's entitlements change.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use url::Url;

use super::reader::Reader;
use super::{Secret, is_this_machine};

/// Who is told. Without a URL and without a bus, nobody.
#[derive(Clone, Debug, Default)]
pub struct Notify {
    /// `NOTIFY_URL`: the application's own, to which each message is posted.
    pub url: Option<String>,
    /// `NOTIFY_SECRET`: what these are signed with, several while one replaces another.
    pub secrets: Vec<Secret>,
    /// `NOTIFY_EVENT_BUS`: the bus on which each message is put.
    pub event_bus: Option<EventBus>,
}

/// An event bus of EventBridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventBus {
    /// `arn:aws:events:<region>:<account>:event-bus/<name>`.
    pub arn: String,
    /// The region that the ARN names.
    pub region: String,
}

impl EventBus {
    /// Where the service answers (AWS General Reference, "Amazon EventBridge endpoints and quotas").
    pub fn endpoint(&self) -> String {
        let domain = if self.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        format!("https://events.{}.{domain}", self.region)
    }

    fn of(arn: &str) -> Option<Self> {
        let parts: Vec<&str> = arn.split(':').collect();
        let [_, _, _, region, account, _] = parts[..] else { return None };
        let is_bus = parts[0] == "arn" && parts[1].starts_with("aws") && parts[2] == "events";
        let is_named = parts[5].strip_prefix("event-bus/").is_some_and(|name| !name.is_empty());
        (is_bus && is_named && !region.is_empty() && !account.is_empty())
            .then(|| Self { arn: arn.to_owned(), region: region.to_owned() })
    }
}

const SECRET: &str = "a secret of Standard Webhooks (whsec_ and the base64 of 24 to 64 bytes)";

pub(super) fn read<F: Fn(&str) -> Option<String>>(reader: &mut Reader<F>) -> Notify {
    let url = reader.parsed("NOTIFY_URL", "an https URL (http only on this machine)", address);
    let secrets = reader.told_list("NOTIFY_SECRET", SECRET, secret);
    let event_bus = reader.parsed(
        "NOTIFY_EVENT_BUS",
        "an event bus's ARN such as arn:aws:events:eu-central-1:123456789012:event-bus/default",
        EventBus::of,
    );
    if url.is_some() && secrets.is_empty() {
        reader.problems.push("NOTIFY_URL needs NOTIFY_SECRET: nothing is posted unsigned".to_owned());
        return Notify { url: None, secrets, event_bus };
    }
    Notify { url, secrets, event_bus }
}

fn address(value: &str) -> Option<String> {
    let url = Url::parse(value).ok()?;
    let is_local = || url.scheme() == "http" && url.host_str().is_some_and(is_this_machine);
    let is_plain = url.has_host() && url.username().is_empty() && url.password().is_none();
    (is_plain && (url.scheme() == "https" || is_local())).then(|| url.into())
}

/// Its bytes are a key of HMAC ("Standard Webhooks", section "Signature scheme").
fn secret(value: &str) -> Result<Secret, &'static str> {
    let key = value.strip_prefix("whsec_").ok_or("a value of another kind")?;
    let key = BASE64_STANDARD.decode(key).map_err(|_| "one whose rest is no base64")?;
    match key.len() {
        24..=64 => Ok(Secret::new(value)),
        0..24 => Err("a shorter one"),
        _ => Err("a longer one"),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    /// The base64 of 32 bytes.
    const GOOD: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    fn config(variables: &[(&str, &str)]) -> Config {
        let found = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        Config::from_lookup(found)
    }

    #[test]
    fn nobody_is_told_unless_somebody_is_named_and_nothing_is_posted_unsigned_or_in_the_open() {
        assert!(config(&[]).notify.url.is_none() && config(&[]).notify.event_bus.is_none());
        let unsigned = config(&[("NOTIFY_URL", "https://app.example.com/hook")]);
        assert!(unsigned.notify.url.is_none());
        assert_eq!(unsigned.problems, ["NOTIFY_URL needs NOTIFY_SECRET: nothing is posted unsigned"]);
        for (url, is_taken) in [
            ("https://app.example.com/hook", true),
            ("http://127.0.0.1:3000/hook", true),
            ("http://app.example.com/hook", false),
            ("https://name:password@app.example.com/hook", false),
            ("ftp://app.example.com", false),
        ] {
            let config = config(&[("NOTIFY_URL", url), ("NOTIFY_SECRET", GOOD)]);
            assert_eq!(config.notify.url.is_some(), is_taken, "{url}");
            assert_eq!(config.problems.is_empty(), is_taken, "{url}");
        }
    }

    #[test]
    fn what_is_no_secret_or_no_bus_is_told() {
        for secret in ["whsec_short", "whsec_AAAA", "sk_test_1", "whsec_"] {
            let config = config(&[("NOTIFY_URL", "https://app.example.com"), ("NOTIFY_SECRET", secret)]);
            assert!(config.notify.url.is_none() && config.problems.len() == 2, "{:?}", config.problems);
        }
        let two = format!("{GOOD},{GOOD}");
        assert_eq!(config(&[("NOTIFY_SECRET", &two)]).notify.secrets.len(), 2);
        let arn = "arn:aws:events:eu-central-1:123456789012:event-bus/default";
        let bus = config(&[("NOTIFY_EVENT_BUS", arn)]).notify.event_bus.unwrap();
        assert_eq!(bus.endpoint(), "https://events.eu-central-1.amazonaws.com");
        for other in ["default", "arn:aws:events:eu-central-1:1:rule/x", "arn:aws:events::1:event-bus/x"] {
            assert_eq!(config(&[("NOTIFY_EVENT_BUS", other)]).problems.len(), 1, "{other}");
        }
    }
}
