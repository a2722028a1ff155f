//! An access token's signature and claims (RFC 7519; RFC 8725 for what goes wrong with them; Supabase: JWT
//! signing keys).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Validation, decode};
use serde::Deserialize;
use serde::de::IgnoredAny;
use shared::domain::ids::UserId;
use shared::jwks::Key;

use crate::refusal::Refusal;
use crate::ring_provider;

/// How far clocks may be apart, in seconds.
const LEEWAY: i64 = 60;
/// What Supabase Auth puts into the audience and the role of a person who is signed in.
const AUTHENTICATED: &str = "authenticated";

/// A person whom a token speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The token's subject.
    pub user: UserId,
    /// None for people who signed in by telephone.
    pub email: Option<String>,
}

/// The part of a token's header that is read. `jku`, `x5u` and `jwk`, with which it could bring a key of its
/// own, are not.
#[derive(Deserialize)]
pub(crate) struct Header {
    pub(crate) alg: String,
    pub(crate) kid: Option<String>,
    pub(crate) crit: Option<IgnoredAny>,
}

impl Header {
    /// None: it is no JWT.
    pub(crate) fn of(token: &str) -> Option<Self> {
        let (header, _) = token.split_once('.')?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()
    }
}

/// Checks a token with its key, at a Unix second.
pub(crate) fn verify(token: &str, key: &Key, issuer: &str, now: i64) -> Result<Identity, Refusal> {
    ring_provider::install();
    let claims = decode::<Claims>(token, &key.key, &signature_only(key.algorithm))
        .map_err(|error| refusal(error.kind()))?
        .claims;
    claims.check(issuer, now)
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

fn refusal(kind: &jsonwebtoken::errors::ErrorKind) -> Refusal {
    use jsonwebtoken::errors::ErrorKind;
    match kind {
        ErrorKind::InvalidSignature => Refusal::Signature,
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidKeyFormat => Refusal::Algorithm,
        _ => Refusal::Malformed,
    }
}

/// What is read of the claims. Supabase writes all but `nbf`, `email` and `is_anonymous` always, and times in
/// whole seconds.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    sub: String,
    exp: i64,
    nbf: Option<i64>,
    role: String,
    email: Option<String>,
    is_anonymous: Option<bool>,
}

/// RFC 7519, 4.1.3: one, or a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Claims {
    fn check(self, issuer: &str, now: i64) -> Result<Identity, Refusal> {
        let for_us = match &self.aud {
            Audience::One(one) => one == AUTHENTICATED,
            Audience::Many(many) => many.iter().any(|one| one == AUTHENTICATED),
        };
        if self.iss != issuer {
            Err(Refusal::Issuer)
        } else if !for_us {
            Err(Refusal::Audience)
        } else if now >= self.exp.saturating_add(LEEWAY) {
            Err(Refusal::Expired)
        } else if self.nbf.is_some_and(|begin| now < begin.saturating_sub(LEEWAY)) {
            Err(Refusal::NotYetValid)
        } else if self.role != AUTHENTICATED {
            Err(Refusal::Role)
        } else if self.is_anonymous == Some(true) {
            Err(Refusal::Anonymous)
        } else {
            let user = self.sub.parse().map_err(|_| Refusal::Subject)?;
            Ok(Identity { user, email: self.email.filter(|email| !email.is_empty()) })
        }
    }
}
