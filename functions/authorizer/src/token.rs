//! An access token's signature and claims (RFC 7519; RFC 8725 for what goes wrong with them; Supabase: JWT signing keys).
//!
//! The key decides the algorithm, never the token: a secret checks HS256 alone, an EC key ES256 alone, an RSA key RS256 alone. So a
//! public key, which everybody has, can never serve as a secret.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;
use serde::de::IgnoredAny;
use shared::config::Secret;
use shared::domain::ids::UserId;
use shared::jwks::{Key, could_be_kid};

use crate::jwks::Jwks;
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

/// Why a token speaks for nobody. Its words go to the log, never to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no token.
    #[error("missing")]
    Missing,
    /// The header holds something else.
    #[error("not_bearer")]
    NotBearer,
    /// It is larger than any that Supabase makes.
    #[error("too_large")]
    TooLarge,
    /// It is no JWT, or a claim is missing or of another type.
    #[error("malformed")]
    Malformed,
    /// It asks for something that we do not know (RFC 7515, 4.1.11: then it must be refused).
    #[error("critical_header")]
    CriticalHeader,
    /// Its algorithm is none of ours, or not its key's.
    #[error("algorithm")]
    Algorithm,
    /// No key goes by its `kid`.
    #[error("unknown_key")]
    UnknownKey,
    /// The keys cannot be fetched.
    #[error("keys_unavailable")]
    KeysUnavailable,
    /// It was signed by somebody else, or changed.
    #[error("signature")]
    Signature,
    /// It was issued by somebody else.
    #[error("issuer")]
    Issuer,
    /// It was issued for somebody else.
    #[error("audience")]
    Audience,
    /// Its time is over.
    #[error("expired")]
    Expired,
    /// Its time has not come.
    #[error("not_yet_valid")]
    NotYetValid,
    /// It is a service's or nobody's.
    #[error("role")]
    Role,
    /// It is a person's who has not said who they are.
    #[error("anonymous")]
    Anonymous,
    /// Its subject is no user's id.
    #[error("subject")]
    Subject,
    /// `SUPABASE_URL` is missing: nobody can be vouched for.
    #[error("not_configured")]
    NotConfigured,
}

impl Refusal {
    /// Whether a newer configuration may make the difference: a secret that was replaced, or one that was missing.
    pub(crate) fn may_be_outdated(self) -> bool {
        matches!(self, Self::Signature | Self::Algorithm | Self::NotConfigured)
    }

    /// One line, which holds nothing of the token: what a stranger sends is not for the log, what a user sends is theirs.
    pub(crate) fn log(self, request_id: &str) {
        let reason = self.to_string();
        match self {
            Self::Missing => tracing::debug!(target: "billing", request_id, reason, "no access token"),
            Self::NotConfigured => {
                tracing::error!(target: "billing", request_id, reason, "SUPABASE_URL is not configured")
            }
            _ => {
                tracing::warn!(target: "billing", request_id, security = true, reason, "refused an access token")
            }
        }
    }
}

/// The part of a token's header that is read. `jku`, `x5u` and `jwk`, with which it could bring a key of its own, are not.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<IgnoredAny>,
}

impl Header {
    fn of(token: &str) -> Option<Self> {
        let (header, _) = token.split_once('.')?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()
    }
}

/// The key that must have signed a token. The token only names it.
pub(crate) async fn key_for(
    token: &str,
    secret: Option<&Secret>,
    jwks: &Jwks,
    now: i64,
) -> Result<Key, Refusal> {
    let header = Header::of(token).ok_or(Refusal::Malformed)?;
    if header.crit.is_some() {
        return Err(Refusal::CriticalHeader);
    }
    match header.alg.as_str() {
        "HS256" => {
            let secret = secret.ok_or(Refusal::Algorithm)?;
            Ok(Key { algorithm: Algorithm::HS256, key: DecodingKey::from_secret(secret.expose().as_bytes()) })
        }
        "ES256" | "RS256" => {
            let kid = header.kid.filter(|kid| could_be_kid(kid)).ok_or(Refusal::UnknownKey)?;
            jwks.find(&kid, now).await
        }
        // `none` too.
        _ => Err(Refusal::Algorithm),
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

/// jsonwebtoken reads the system's clock, and passes over claims of another type than it expects: it checks the signature, we the claims.
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

/// What is read of the claims. Supabase writes all but `nbf`, `email` and `is_anonymous` always, and times in whole seconds.
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
