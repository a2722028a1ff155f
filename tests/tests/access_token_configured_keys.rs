//! `SUPABASE_JWKS`: the keys of access tokens as configuration.

use serde_json::{Value, json};
use tests::auth::{Behaviour, EcKey, JWT_SECRET, TestAuth, hs256};
use tests::users;

async fn with_keys(keys: Value) -> TestAuth {
    TestAuth::start_with(&[("SUPABASE_JWKS", &keys.to_string())]).await
}

/// A set of the project's keys and of one that it does not publish; the project's ES256 key is told.
async fn with_a_key_of_our_own() -> (TestAuth, EcKey) {
    let own = EcKey::new("own");
    let t = with_keys(json!({ "keys": [own.jwk()] })).await;
    (t, own)
}

#[tokio::test]
async fn configured_keys_are_used_and_none_is_fetched() {
    let (t, own) = with_a_key_of_our_own().await;
    t.server.behave(Behaviour::Silent);
    let token = own.sign(&own.header(), &t.claims());
    assert_eq!(t.speaks_for(&token).await.as_deref(), Some(users::OWNER));
    t.advance(86_400);
    let token = own.sign(&own.header(), &t.claims());
    assert_eq!(
        t.speaks_for(&token).await.as_deref(),
        Some(users::OWNER),
        "for as long as they are configured"
    );
    t.assert_refused(&t.token(&t.claims()), "a key that is published and not configured").await;
    t.assert_refused(&own.sign(&json!({ "alg": "ES256", "kid": "ec-1" }), &t.claims()), "another name").await;
    t.assert_refused(&EcKey::new("own").sign(&own.header(), &t.claims()), "a stranger's key").await;
    assert_eq!(t.server.fetches(), 0);
}

#[tokio::test]
async fn a_configured_key_is_for_its_own_algorithm_and_for_signatures() {
    let ec = EcKey::new("ec-1");
    let with = |name: &str, value: Value| {
        let mut jwk = ec.jwk();
        jwk[name] = value;
        json!({ "keys": [jwk] })
    };
    for keys in [with("use", json!("enc")), with("alg", json!("RS256")), with("x", json!("AAAA"))] {
        let t = with_keys(keys.clone()).await;
        t.assert_refused(&ec.sign(&ec.header(), &t.claims()), &keys.to_string()).await;
        assert_eq!(t.server.fetches(), 0);
    }
    let t = with_keys(json!({ "keys": [ec.jwk()] })).await;
    t.assert_refused(&ec.sign(&json!({ "alg": "RS256", "kid": "ec-1" }), &t.claims()), "EC as RS256").await;
    for secret in [ec.jwk().to_string().into_bytes(), ec.point().to_vec(), JWT_SECRET.into()] {
        let token = hs256(&secret, &json!({ "alg": "HS256", "kid": "ec-1" }), &t.claims());
        t.assert_refused(&token, "HS256 without a secret").await;
    }
}

#[tokio::test]
async fn the_legacy_secret_goes_on_beside_them() {
    let own = EcKey::new("own");
    let keys = json!({ "keys": [own.jwk()] }).to_string();
    let t = TestAuth::start_with(&[("SUPABASE_JWKS", &keys), ("SUPABASE_JWT_SECRET", JWT_SECRET)]).await;
    let old = hs256(JWT_SECRET.as_bytes(), &json!({ "alg": "HS256", "typ": "JWT" }), &t.claims());
    for token in [old, own.sign(&own.header(), &t.claims())] {
        assert_eq!(t.speaks_for(&token).await.as_deref(), Some(users::OWNER));
    }
    assert_eq!(t.server.fetches(), 0);
}

#[tokio::test]
async fn keys_without_an_issuer_let_nobody_in() {
    let own = EcKey::new("own");
    let keys = json!({ "keys": [own.jwk()] }).to_string();
    let t = TestAuth::start_with(&[("SUPABASE_JWKS", &keys), ("SUPABASE_URL", "")]).await;
    for issuer in [json!("/auth/v1"), t.claims()["iss"].clone()] {
        t.assert_refused(&own.sign(&own.header(), &t.claims_with(json!({ "iss": issuer }))), "no issuer")
            .await;
    }
}
