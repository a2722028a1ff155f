//! Access tokens: what strangers make up, and what the project's own keys have signed.

use std::cell::OnceCell;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lambda_http::http::Request as HttpRequest;
use lambda_http::{Body, Request};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use shared::app::App;
use shared::http::identity;
use shared::jwks::KeySet;
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::{NOW, app, runtime};

const SECRET: &str = "a-secret-of-the-tests-of-enough-characters";
const ISSUER: &str = "https://project.supabase.co/auth/v1";

/// The project, its EC key among its keys.
static PROJECT: LazyLock<(App, EcdsaKeyPair)> = LazyLock::new(|| {
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
    let key = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).expect("a key");
    let (x, y) = key.public_key().as_ref()[1..].split_at(32);
    let keys = json!({ "keys": [{
        "kty": "EC", "crv": "P-256", "kid": "ec-1", "alg": "ES256", "use": "sig",
        "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)
    }] });
    let app = app(&[
        ("SUPABASE_URL", "https://project.supabase.co"),
        ("SUPABASE_JWT_SECRET", SECRET),
        ("SUPABASE_JWKS", &keys.to_string()),
    ]);
    (app, key)
});

thread_local! {
    static RUNTIME: OnceCell<Runtime> = const { OnceCell::new() };
}

/// As what a token is made of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signer {
    Nobody,
    Secret,
    Ec,
}

/// The first line says who signs: `secret` or `ec`, then a line with the header and one with the claims. Any
/// other input is the whole header `Authorization`.
pub fn run(input: &[u8]) {
    let _ = KeySet::parse(input);
    let parts: Vec<&[u8]> = input.splitn(3, |byte| *byte == b'\n').collect();
    let (signer, authorization) = match &parts[..] {
        [b"secret", header, claims] => (Signer::Secret, signed(header, claims, by_secret)),
        [b"ec", header, claims] => (Signer::Ec, signed(header, claims, by_ec)),
        _ => (Signer::Nobody, input.to_vec()),
    };
    let Ok(request) = request(&authorization) else { return };
    let caller =
        RUNTIME.with(|cell| cell.get_or_init(runtime).block_on(identity::require(&PROJECT.0, &request)));
    let Ok(caller) = caller else { return };
    assert_ne!(signer, Signer::Nobody, "a token that nobody signed: {authorization:?}");
    let [_, header, claims] = &parts[..] else { panic!("a signed token has three parts") };
    let user = speaks_for(signer, header, claims).unwrap_or_else(|| {
        panic!("accepted: {} {}", String::from_utf8_lossy(header), String::from_utf8_lossy(claims))
    });
    assert_eq!(caller.user.to_string(), user.to_string());
}

fn request(authorization: &[u8]) -> Result<Request, lambda_http::http::Error> {
    HttpRequest::builder().uri("/api/entitlements").header("authorization", authorization).body(Body::Empty)
}

fn signed(header: &[u8], claims: &[u8], sign: fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(message.as_bytes()));
    format!("Bearer {message}.{signature}").into_bytes()
}

fn by_secret(message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()), message).as_ref().to_vec()
}

fn by_ec(message: &[u8]) -> Vec<u8> {
    PROJECT.1.sign(&SystemRandom::new(), message).expect("a signature").as_ref().to_vec()
}

/// Whom a token speaks for that this key signed. None: for nobody. Looked up without the code that is tested.
fn speaks_for(signer: Signer, header: &[u8], claims: &[u8]) -> Option<Uuid> {
    // What is not read need not be UTF-8.
    let value = |part: &[u8]| serde_json::from_str::<Value>(&String::from_utf8_lossy(part)).ok();
    let (header, claims) = (value(header)?, value(claims)?);
    let algorithm = if signer == Signer::Ec { "ES256" } else { "HS256" };
    let is_for_us = |aud: &Value| {
        aud == "authenticated"
            || aud.as_array().is_some_and(|all| all.iter().any(|one| one == "authenticated"))
    };
    let good = header["alg"] == algorithm
        && header.get("crit").is_none_or(Value::is_null)
        && (signer == Signer::Secret || header["kid"] == "ec-1")
        && claims["iss"] == ISSUER
        && claims["role"] == "authenticated"
        && is_for_us(&claims["aud"])
        && claims["exp"].as_i64()? > NOW - 60
        && claims.get("nbf").and_then(Value::as_i64).is_none_or(|begin| begin <= NOW + 60)
        && claims["is_anonymous"] != true;
    good.then(|| claims["sub"].as_str()?.parse().ok()).flatten()
}
