//! What a signature is checked with.
//!
//! The key decides the algorithm, never the token: a secret checks HS256 alone, an EC key ES256 alone, an RSA
//! key RS256 alone. So a public key, which everybody has, can never serve as a secret.

use jsonwebtoken::{Algorithm, DecodingKey};

use crate::config::Secret;

/// A key, and the one algorithm that it is for.
#[derive(Clone, Debug)]
pub struct Key {
    /// The one algorithm that this kind of key is good for.
    pub algorithm: Algorithm,
    /// The key, as the check of a signature takes it.
    pub key: DecodingKey,
}

impl Key {
    /// The secret of a project that has not moved to signing keys.
    pub fn shared(secret: &Secret) -> Self {
        Self { algorithm: Algorithm::HS256, key: DecodingKey::from_secret(secret.expose().as_bytes()) }
    }
}
