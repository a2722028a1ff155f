//! Keys that make Stripe do a thing once (Stripe API reference, "Idempotent requests").

use sha2::{Digest, Sha256};
use stripe_client_core::StripeRequest;
use uuid::Uuid;

/// Makes Stripe do a thing once, however often it is asked. Calls with the same key must have the same
/// parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// A key that names what is done.
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }

    /// A key for exactly this request within a scope: other parameters make another key.
    pub fn for_request(scope: &str, request: &impl StripeRequest) -> Self {
        // Metadata is a hash map, whose order differs from call to call.
        let body = request.build().body.unwrap_or_default();
        let mut parameters: Vec<&str> = body.split('&').collect();
        parameters.sort_unstable();
        Self::for_text(scope, &parameters.join("&"))
    }

    /// A key for exactly these parameters, in whatever form, within a scope.
    pub fn for_text(scope: &str, parameters: &str) -> Self {
        let digest = Sha256::digest(parameters);
        Self(format!("{scope}:{}", hex::encode(&digest[..8])))
    }

    /// As the header has it.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// A key for one call and its retries.
    pub fn unique() -> Self {
        Self(Uuid::new_v4().to_string())
    }
}
