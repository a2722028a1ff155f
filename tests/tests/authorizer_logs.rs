//! What the authorizer writes down: that it refused, and why. Nothing of the token.

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tests::auth::{Behaviour, EcKey, TestAuth};
use tracing_subscriber::fmt;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// The lines about refused tokens.
    fn refusals(&self) -> Vec<Value> {
        let lines: Vec<Value> = self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        lines.into_iter().filter(|line| line["message"] == "refused an access token").collect()
    }
}

/// A log of this thread, which is the whole test's.
fn listen() -> (Log, tracing::subscriber::DefaultGuard) {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = fmt().json().flatten_event(true).with_max_level(tracing::Level::INFO);
    let guard = tracing::subscriber::set_default(subscriber.with_writer(move || writer.clone()).finish());
    (log, guard)
}

#[tokio::test]
async fn a_refusal_is_one_line_with_a_reason_and_nothing_of_the_token() {
    let t = TestAuth::start().await;
    let (log, _guard) = listen();
    let mut claims = t.claims();
    claims["email"] = json!("secret-mail@example.com");
    claims["role"] = json!("secret-role");
    let stranger = EcKey::new("secret-kid");
    let signed_by_stranger = stranger.sign(&json!({ "alg": "ES256", "kid": "ec-1" }), &claims);
    let refused = [
        (t.token(&claims), "role"),
        (stranger.sign(&stranger.header(), &claims), "unknown_key"),
        (signed_by_stranger, "signature"),
        (t.ec.sign(&json!({ "alg": "secret-alg" }), &claims), "algorithm"),
        ("secret".repeat(2000), "too_large"),
        ("secret".to_owned(), "malformed"),
        (t.token(&t.claims_with(json!({ "exp": 1 }))), "expired"),
    ];
    for (token, _) in &refused {
        t.assert_refused(token, token).await;
    }
    let lines = log.refusals();
    let reasons: Vec<_> = lines.iter().map(|line| line["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, refused.iter().map(|(_, reason)| *reason).collect::<Vec<_>>());
    for line in &lines {
        assert_eq!((&line["security"], &line["request_id"]), (&json!(true), &json!("test")));
    }
    let text = log.text();
    assert!(!text.contains("secret"), "{text}");
    for (token, _) in &refused {
        assert!(token.split('.').all(|part| !text.contains(part)), "{text}");
    }
    assert_eq!(t.answer(None).await["context"], json!({}));
    assert_eq!(log.refusals().len(), refused.len(), "no token is no attack");
}

#[tokio::test]
async fn an_outage_is_an_error() {
    let t = TestAuth::start().await;
    let (log, _guard) = listen();
    t.server.behave(Behaviour::Broken);
    t.assert_refused(&t.token(&t.claims()), "no keys").await;
    let text = log.text();
    let errors: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &Value| line["level"] == "ERROR")
        .collect();
    assert_eq!(errors.len(), 1, "{text}");
    assert_eq!(errors[0]["message"], "the keys of access tokens cannot be fetched");
    assert_eq!(errors[0]["error"], "the answer is a 500 Internal Server Error");
    assert_eq!(log.refusals()[0]["reason"], "keys_unavailable");
}
