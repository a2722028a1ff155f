//! The authorizer's configuration in Secrets Manager: the project's old JWT secret, replaced while it runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use authorizer::Authorizer;
use ring::hmac;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::config::Function;
use tests::auth::{BEGIN, JWT_SECRET, TestAuth, jwt};
use tests::{Vault, users};

const NEXT_SECRET: &str = "the-next-secret-of-the-tests-of-enough-characters";

fn token(secret: &str, claims: &Value) -> String {
    jwt(&json!({ "alg": "HS256", "typ": "JWT" }), claims, |message| {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), message).as_ref().to_vec()
    })
}

#[tokio::test]
async fn a_jwt_secret_that_is_replaced_refuses_nobody() {
    let mut t = TestAuth::start().await;
    let vault =
        Vault::open(&json!({ "SUPABASE_URL": t.server.url, "SUPABASE_JWT_SECRET": JWT_SECRET })).await;
    let clock = Arc::new(AtomicI64::new(BEGIN * 1000));
    let live = vault.live(Function::Authorizer, &[], Clock::Fixed(Arc::clone(&clock))).await;
    t.authorizer = Authorizer::live(live);
    let claims = t.claims();
    let (old, new) = (token(JWT_SECRET, &claims), token(NEXT_SECRET, &claims));
    assert_eq!(t.answer(None).await["context"], json!({}));
    assert_eq!(vault.reads(), 0, "who shows no token causes no reading");
    assert_eq!(t.vouches_for(&old).await.as_deref(), Some(users::OWNER));
    vault.change(&[("SUPABASE_JWT_SECRET", NEXT_SECRET)]);
    assert_eq!(t.vouches_for(&new).await.as_deref(), Some(users::OWNER));
    for _ in 0..3 {
        t.assert_refused(&old, "what the old secret signed").await;
        t.assert_refused(&token("guessed", &claims), "a guessed secret").await;
    }
    assert_eq!(vault.reads(), 2);
    // Keys that were fetched outlast it.
    assert_eq!(t.vouches_for(&t.token(&claims)).await.as_deref(), Some(users::OWNER));
    vault.set_down(true);
    clock.fetch_add(61_000, Ordering::SeqCst);
    t.assert_refused(&old, "what the old secret signed").await;
    assert_eq!(t.vouches_for(&new).await.as_deref(), Some(users::OWNER));
    assert_eq!(vault.reads(), 3);
}

#[tokio::test]
async fn a_secret_that_cannot_be_read_vouches_for_nobody() {
    let mut t = TestAuth::start().await;
    let vault = Vault::open(&json!({})).await;
    vault.set_down(true);
    let clock = Clock::Fixed(Arc::new(AtomicI64::new(BEGIN * 1000)));
    t.authorizer = Authorizer::live(vault.live(Function::Authorizer, &[], clock).await);
    t.assert_refused(&t.token(&t.claims()), "nothing is configured").await;
}
