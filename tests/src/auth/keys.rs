//! Keys, and tokens signed with them: as Supabase Auth signs, and as somebody would who tries.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaEncoding, RsaKeyPair,
};
use serde_json::{Value, json};

/// A token with this header and these claims, and what `sign` makes of them.
pub fn jwt(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = sign(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// A token that is signed with a secret.
pub fn hs256(secret: &[u8], header: &Value, claims: &Value) -> String {
    jwt(header, claims, |message| {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message).as_ref().to_vec()
    })
}

/// An EC P-256 key.
#[derive(Debug)]
pub struct EcKey {
    /// Its name.
    pub kid: String,
    pair: EcdsaKeyPair,
}

impl EcKey {
    /// A new key.
    pub fn new(kid: &str) -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).expect("a key");
        Self { kid: kid.to_owned(), pair }
    }

    /// The public point, uncompressed.
    pub fn point(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    /// The public key as Supabase publishes it.
    pub fn jwk(&self) -> Value {
        let (x, y) = self.point()[1..].split_at(32);
        json!({
            "kty": "EC", "crv": "P-256", "kid": self.kid, "alg": "ES256", "use": "sig", "key_ops": ["verify"],
            "ext": true,
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)
        })
    }

    /// The public key as SubjectPublicKeyInfo (RFC 5480), DER.
    pub fn der(&self) -> Vec<u8> {
        let head = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
        let mut der: Vec<u8> = (0..head.len() / 2)
            .map(|i| u8::from_str_radix(&head[2 * i..2 * i + 2], 16).expect("hex"))
            .collect();
        der.extend_from_slice(self.point());
        der
    }

    /// The header that Supabase writes.
    pub fn header(&self) -> Value {
        json!({ "alg": "ES256", "typ": "JWT", "kid": self.kid })
    }

    /// A token that this key signed.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        jwt(header, claims, |message| {
            self.pair.sign(&SystemRandom::new(), message).expect("a signature").as_ref().to_vec()
        })
    }
}

/// An RSA key of 2048 bits. ring makes none, so all tests share one.
#[derive(Debug)]
pub struct RsaKey {
    /// Its name.
    pub kid: String,
    pair: RsaKeyPair,
}

impl RsaKey {
    /// The key.
    pub fn new(kid: &str) -> Self {
        let pair = RsaKeyPair::from_pkcs8(include_bytes!("rs256-test-key.pk8")).expect("a key");
        Self { kid: kid.to_owned(), pair }
    }

    /// The public key as Supabase publishes it.
    pub fn jwk(&self) -> Value {
        let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(self.pair.public_key());
        json!({
            "kty": "RSA", "kid": self.kid, "alg": "RS256", "use": "sig", "key_ops": ["verify"],
            "n": URL_SAFE_NO_PAD.encode(public.n), "e": URL_SAFE_NO_PAD.encode(public.e)
        })
    }

    /// A token that this key signed with PKCS #1.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_as(&RSA_PKCS1_SHA256, header, claims)
    }

    /// A token that this key signed in any way.
    pub fn sign_as(&self, padding: &'static dyn RsaEncoding, header: &Value, claims: &Value) -> String {
        jwt(header, claims, |message| {
            let mut signature = vec![0; self.pair.public().modulus_len()];
            self.pair.sign(padding, &SystemRandom::new(), message, &mut signature).expect("a signature");
            signature
        })
    }
}
