//! What is written down of an access token that was refused: that it was, and why. Nothing of the token.

use serde_json::{Value, json};
use tests::Log;
use tests::auth::{Behaviour, EcKey, TestAuth, peoples};
use tracing::Level;

#[tokio::test]
async fn a_refusal_is_one_line_with_a_reason_and_nothing_of_the_token() {
    let t = TestAuth::start().await;
    let (log, _guard) = Log::listen(Level::INFO);
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
        assert_eq!(t.speaks_for(token).await, None);
    }
    let lines = log.lines("refused an access token");
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
    t.ask("entitlements", None).await.assert_failure(401, "unauthenticated");
    assert_eq!(log.lines("refused an access token").len(), refused.len(), "no token is no attack");
}

#[tokio::test]
async fn an_outage_is_an_error() {
    let t = TestAuth::start().await;
    let (log, _guard) = Log::listen(Level::INFO);
    t.server.behave(Behaviour::Broken);
    assert_eq!(t.speaks_for(&t.token(&t.claims())).await, None);
    let text = log.text();
    let errors: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &Value| line["level"] == "ERROR")
        .collect();
    assert_eq!(errors.len(), 1, "{text}");
    assert_eq!(errors[0]["message"], "the keys of access tokens cannot be fetched");
    assert_eq!(errors[0]["error"], "the answer is a 500 Internal Server Error");
    assert_eq!(log.lines("an access token cannot be checked")[0]["reason"], "keys_unavailable");
    assert!(log.lines("refused an access token").is_empty());
    let token = format!("Bearer {}", t.token(&t.claims()));
    for function in peoples() {
        let answer = t.ask(function, Some(&token)).await;
        answer.assert_failure(503, "identity_unavailable");
        assert_eq!(answer.header("retry-after"), Some("5"), "{function}");
    }
}
