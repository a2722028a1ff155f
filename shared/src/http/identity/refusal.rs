//! Why nobody is let in.

use crate::jwks::{BadSignature, NoKey};

/// Why a request speaks for nobody. Its words go to the log, never to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no token; or nobody in front of us says who calls, where somebody should.
    #[error("missing")]
    Missing,
    /// The header holds something else than one token.
    #[error("not_bearer")]
    NotBearer,
    /// The token is larger than any that Supabase makes.
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
    /// `SUPABASE_URL` is missing: no token can be good.
    #[error("not_configured")]
    NotConfigured,
}

impl Refusal {
    /// Whether a newer configuration may make the difference: a secret or a key set that was replaced, or one
    /// that was missing.
    pub fn may_be_outdated(self) -> bool {
        matches!(self, Self::Signature | Self::Algorithm | Self::UnknownKey | Self::NotConfigured)
    }

    /// Logs one line, which holds nothing of the token: what a stranger sends is not for the log, what a user
    /// sends is theirs.
    pub(crate) fn log(self, request_id: &str) {
        let reason = self.to_string();
        match self {
            Self::Missing => tracing::debug!(target: "billing", request_id, reason, "nobody is named"),
            Self::NotConfigured => {
                tracing::error!(target: "billing", request_id, reason, "SUPABASE_URL is not configured")
            }
            Self::KeysUnavailable => {
                tracing::warn!(target: "billing", request_id, reason, "an access token cannot be checked")
            }
            _ => {
                tracing::warn!(
                    target: "billing", request_id, security = true, reason,
                    "refused an access token"
                )
            }
        }
    }
}

impl From<NoKey> for Refusal {
    fn from(no_key: NoKey) -> Self {
        match no_key {
            NoKey::Unknown => Self::UnknownKey,
            NoKey::Unavailable => Self::KeysUnavailable,
        }
    }
}

impl From<BadSignature> for Refusal {
    fn from(bad: BadSignature) -> Self {
        match bad {
            BadSignature::Mismatch => Self::Signature,
            BadSignature::Algorithm => Self::Algorithm,
            BadSignature::Malformed => Self::Malformed,
        }
    }
}
