//! What a signature is checked with.
//!
//! The key decides the algorithm, never the token: a secret checks HS256 alone, an EC key ES256 alone, an RSA
//! key RS256 alone. So a public key, which everybody has, can never serve as a secret.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::de::DeserializeOwned;

use super::ring_provider;
use super::signed::Signed;
use crate::config::Secret;

/// A key, and the one algorithm that it is for.
#[derive(Clone, Debug)]
pub struct Key {
    /// The one algorithm that this kind of key is good for.
    pub algorithm: Algorithm,
    key: Arc<DecodingKey>,
    /// None for a secret: its signature costs less than remembering it.
    signed: Option<Arc<Signed>>,
}

/// Why a token is not one that the key signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    /// It was signed by somebody else, or changed.
    #[error("the signature does not fit")]
    Mismatch,
    /// It names another algorithm than its key's.
    #[error("the algorithm is not the key's")]
    Algorithm,
    /// It is no JWT, or a claim is missing or of another type.
    #[error("it is no token")]
    Malformed,
}

impl Key {
    /// The secret of a project that has not moved to signing keys.
    pub fn shared(secret: &Secret) -> Self {
        let key = DecodingKey::from_secret(secret.expose().as_bytes());
        Self { algorithm: Algorithm::HS256, key: Arc::new(key), signed: None }
    }

    /// A key that a project publishes.
    pub(super) fn public(algorithm: Algorithm, key: DecodingKey) -> Self {
        Self { algorithm, key: Arc::new(key), signed: Some(Arc::default()) }
    }

    /// The claims of a token that this key signed. What they say is not checked: that is the caller's.
    ///
    /// # Errors
    /// See [`BadSignature`].
    pub fn claims<T: DeserializeOwned>(&self, token: &str) -> Result<T, BadSignature> {
        if self.signed.as_ref().is_some_and(|signed| signed.has(token)) {
            return claims(token).ok_or(BadSignature::Malformed);
        }
        ring_provider::install();
        let decoded = decode::<T>(token, &self.key, &signature_only(self.algorithm));
        let claims = decoded.map_err(|error| bad(&error))?.claims;
        if let Some(signed) = &self.signed {
            signed.remember(token);
        }
        Ok(claims)
    }
}

/// The claims of a token whose signature was checked before.
fn claims<T: DeserializeOwned>(token: &str) -> Option<T> {
    let claims = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

/// jsonwebtoken reads the system's clock, and passes over claims of another type than it expects: it checks
/// the signature, we the claims.
fn signature_only(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}

fn bad(error: &Error) -> BadSignature {
    match error.kind() {
        ErrorKind::InvalidSignature => BadSignature::Mismatch,
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidKeyFormat => BadSignature::Algorithm,
        _ => BadSignature::Malformed,
    }
}
