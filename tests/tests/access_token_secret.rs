//! What access tokens are checked with, in Secrets Manager: replaced while a function runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::{Value, json};
use shared::clock::Clock;
use shared::config::Function;
use tests::auth::{BEGIN, EcKey, JWT_SECRET, TestAuth, hs256, peoples};
use tests::{Vault, users};

const NEXT_SECRET: &str = "the-next-secret-of-the-tests-of-enough-characters";

fn token(secret: &str, claims: &Value) -> String {
    hs256(secret.as_bytes(), &json!({ "alg": "HS256", "typ": "JWT" }), claims)
}

/// The functions with their variables in a secret, which lacks what they get past the door for.
async fn start(t: &mut TestAuth, secret: Value) -> (Vault, Arc<AtomicI64>) {
    let vault = Vault::open(&secret).await;
    let clock = Arc::new(AtomicI64::new(BEGIN * 1000));
    t.live = vault.live(Function::Entitlements, &[], Clock::Fixed(Arc::clone(&clock))).await;
    (vault, clock)
}

#[tokio::test]
async fn a_jwt_secret_that_is_replaced_refuses_nobody() {
    let mut t = TestAuth::start().await;
    let secret = json!({ "SUPABASE_URL": t.server.url, "SUPABASE_JWT_SECRET": JWT_SECRET });
    let (vault, clock) = start(&mut t, secret).await;
    let claims = t.claims();
    let (old, new) = (token(JWT_SECRET, &claims), token(NEXT_SECRET, &claims));
    for _ in 0..3 {
        t.ask("entitlements", None).await.assert_failure(401, "unauthenticated");
    }
    assert_eq!(vault.reads(), 1, "who shows no token causes no second reading");
    assert_eq!(t.speaks_for(&old).await.as_deref(), Some(users::OWNER));
    vault.change(&[("SUPABASE_JWT_SECRET", NEXT_SECRET)]);
    assert_eq!(t.speaks_for(&new).await.as_deref(), Some(users::OWNER));
    for _ in 0..3 {
        t.assert_refused(&old, "what the old secret signed").await;
        t.assert_refused(&token("guessed", &claims), "a guessed secret").await;
    }
    assert_eq!(vault.reads(), 2);
    // Keys that were fetched outlast it.
    assert_eq!(t.speaks_for(&t.token(&claims)).await.as_deref(), Some(users::OWNER));
    clock.fetch_add(61_000, Ordering::SeqCst);
    vault.change(&[("GRACE_DAYS", "3")]);
    t.assert_refused(&old, "what the old secret signed").await;
    assert_eq!(t.speaks_for(&t.token(&claims)).await.as_deref(), Some(users::OWNER));
    assert_eq!((vault.reads(), t.server.fetches()), (3, 1));
    vault.set_down(true);
    clock.fetch_add(61_000, Ordering::SeqCst);
    t.assert_refused(&old, "what the old secret signed").await;
    assert_eq!(t.speaks_for(&new).await.as_deref(), Some(users::OWNER));
    assert_eq!(vault.reads(), 4);
}

#[tokio::test]
async fn a_key_set_that_is_replaced_refuses_nobody() {
    let mut t = TestAuth::start().await;
    // As one object, or as its text.
    let secret = json!({ "SUPABASE_URL": t.server.url, "SUPABASE_JWKS": { "keys": [t.ec.jwk()] } });
    let (vault, clock) = start(&mut t, secret).await;
    let old = t.token(&t.claims());
    assert_eq!(t.speaks_for(&old).await.as_deref(), Some(users::OWNER));
    let next = EcKey::new("ec-2");
    let new = next.sign(&next.header(), &t.claims());
    vault.change(&[("SUPABASE_JWKS", &json!({ "keys": [next.jwk()] }).to_string())]);
    assert_eq!(t.speaks_for(&new).await.as_deref(), Some(users::OWNER));
    for _ in 0..3 {
        t.assert_refused(&old, "the key that was taken out").await;
    }
    assert_eq!(vault.reads(), 2);
    // What is no key set replaces none.
    clock.fetch_add(61_000, Ordering::SeqCst);
    vault.change(&[("SUPABASE_JWKS", "{}")]);
    t.assert_refused(&old, "the key that was taken out").await;
    assert_eq!(t.speaks_for(&new).await.as_deref(), Some(users::OWNER));
    assert_eq!((vault.reads(), t.server.fetches()), (3, 0));
}

#[tokio::test]
async fn while_the_secret_cannot_be_read_nobody_is_let_in() {
    let mut t = TestAuth::start().await;
    let (vault, _) = start(&mut t, json!({})).await;
    vault.set_down(true);
    let good = format!("Bearer {}", t.token(&t.claims()));
    for function in peoples() {
        t.ask(function, Some(&good)).await.assert_failure(500, "internal");
    }
}
