//! The application's URL: a message is posted to it, signed as Standard Webhooks says ("Standard Webhooks",
//! sections "Signature scheme" and "Operational considerations").

use std::cell::Cell;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use lambda_http::http::{Request, StatusCode, header};
use sha2::Sha256;
use shared::app::App;
use shared::config::Secret;
use shared::exchange::{self, Exchange};
use shared::header_time::retry_after;

use crate::message::Message;

/// How long one call may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Nothing of the answer's body is looked at.
const LARGEST: usize = 64 * 1024;
/// Calls that fail one after another, and after which no further one is made in this run.
const STREAK: u32 = 16;

/// Why the URL does not have a message.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The HTTP status, or a stable word.
    pub error: String,
    /// It says that it is gone for good (410).
    pub gone: bool,
    /// For how many seconds it does not want to be asked. None: it does not say.
    pub retry_after: Option<u64>,
}

impl Refusal {
    fn word(error: &str) -> Self {
        Self { error: error.to_owned(), gone: false, retry_after: None }
    }
}

/// Posts messages.
pub struct Poster<'a> {
    url: &'a str,
    secrets: &'a [Secret],
    http: Exchange,
    failures: Cell<u32>,
    is_resting: Cell<bool>,
}

impl<'a> Poster<'a> {
    /// To this URL, with a signature by each of these secrets.
    pub fn new(url: &'a str, secrets: &'a [Secret]) -> Self {
        let http = Exchange::new(PATIENCE, LARGEST);
        Self { url, secrets, http, failures: Cell::new(0), is_resting: Cell::new(false) }
    }

    /// Whether it is not asked any more in this run.
    pub fn is_resting(&self) -> bool {
        self.is_resting.get()
    }

    /// Posts a message. Only a status of 2xx is a yes; a redirect is not followed.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub async fn post(&self, message: &Message, app: &App) -> Result<(), Refusal> {
        if self.is_resting() {
            return Err(Refusal::word("not_asked"));
        }
        let result = self.send(message, app).await;
        match &result {
            Ok(()) => self.failures.set(0),
            Err(refusal) => {
                self.failures.set(self.failures.get() + 1);
                let is_to_rest = self.failures.get() >= STREAK || refusal.retry_after.is_some();
                self.is_resting.set(self.is_resting() || is_to_rest);
            }
        }
        result
    }

    async fn send(&self, message: &Message, app: &App) -> Result<(), Refusal> {
        let body = serde_json::to_vec(message).map_err(|_| Refusal::word("no_message"))?;
        let (id, time) = (message.id.to_string(), app.clock.now().as_second().to_string());
        let request = Request::post(self.url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, "promptforge-billing")
            .header("webhook-signature", signatures(&id, &time, &body, self.secrets))
            .header("webhook-id", id)
            .header("webhook-timestamp", time)
            .body(Bytes::from(body))
            .map_err(|_| Refusal::word("no_address"))?;
        let answer = self.http.send(request).await.map_err(|error| Refusal::word(word(&error)))?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(Refusal {
            error: answer.status().as_str().to_owned(),
            gone: answer.status() == StatusCode::GONE,
            retry_after: retry_after(answer.headers()).map(|asked| asked.as_secs()),
        })
    }
}

fn word(error: &exchange::Error) -> &'static str {
    match error {
        exchange::Error::Address => "no_address",
        exchange::Error::Unreachable(_) => "unreachable",
        exchange::Error::Late(_) => "timeout",
        exchange::Error::Body(_) => "answer_cut_off",
    }
}

/// A signature by each secret, so that a receiver that knows one of them takes it while they are replaced.
fn signatures(id: &str, time: &str, body: &[u8], secrets: &[Secret]) -> String {
    let each = secrets.iter().filter_map(|secret| {
        let key = secret.expose().strip_prefix("whsec_").unwrap_or(secret.expose());
        let key = BASE64_STANDARD.decode(key).ok()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
        for part in [id.as_bytes(), b".", time.as_bytes(), b".", body] {
            mac.update(part);
        }
        Some(format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes())))
    });
    each.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use lambda_http::http::{HeaderMap, HeaderValue};
    use standardwebhooks::Webhook;

    use super::*;

    #[test]
    fn what_is_signed_by_several_secrets_verifies_with_each_and_with_no_other() {
        let [first, second, third] =
            [0u8, 1, 2].map(|n| format!("whsec_{}", BASE64_STANDARD.encode([n; 32])));
        let body = br#"{"type":"entitlements.changed"}"#;
        // The crate looks at the clock.
        let now = shared::clock::Clock::System.now().as_second().to_string();
        let secrets = [Secret::new(&*first), Secret::new(&*second)];
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("webhook-id", "6f1c"),
            ("webhook-timestamp", &now),
            ("webhook-signature", &signatures("6f1c", &now, body, &secrets)),
        ] {
            headers.insert(name, HeaderValue::from_str(value).unwrap());
        }
        for (secret, fits) in [(&first, true), (&second, true), (&third, false)] {
            let verified = Webhook::new(secret).unwrap().verify(body, &headers);
            assert_eq!(verified.is_ok(), fits, "{verified:?}");
        }
        let other = Webhook::new(&first).unwrap().verify(br#"{"type":"other"}"#, &headers);
        assert!(other.is_err());
    }
}
