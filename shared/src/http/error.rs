//! Every way a request can fail, and the one table from failure to status, code and sentence.

use lambda_http::http::{HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::{response, schema};
use crate::stripe::signature::Invalid;
use crate::{db, stripe};

/// Why a request gets no success. Sources are kept for the log and never shown.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The request is malformed; names the field.
    #[error("invalid request: {0}")]
    InvalidRequest(String),
    /// `orgId` is not a UUID.
    #[error("orgId is not a UUID")]
    InvalidOrgId,
    /// `planCode` is none of ours.
    #[error("planCode is unknown")]
    InvalidPlan,
    /// `interval` is unknown, or the plan is not sold by it.
    #[error("interval is unknown or the plan lacks it")]
    InvalidInterval,
    /// `returnUrl` leads elsewhere.
    #[error("returnUrl is not on an allowed origin")]
    InvalidReturnUrl,
    /// Nobody vouches for the caller.
    #[error("no identity")]
    Unauthenticated,
    /// The request names another person than its access token.
    #[error("x-user-id is not the access token's user")]
    IdentityMismatch,
    /// The caller is no member, or there is no such organization: one answer for both.
    #[error("not a member")]
    NotAMember,
    /// The caller is a member without the right to change billing.
    #[error("neither owner nor admin")]
    NotABillingAdmin,
    /// The organization never began a checkout.
    #[error("no Stripe customer")]
    NoCustomer,
    /// The organization pays already.
    #[error("already subscribed")]
    AlreadySubscribed,
    /// The body is larger than the route takes.
    #[error("payload too large")]
    PayloadTooLarge,
    /// A webhook without a valid signature.
    #[error("invalid signature: {0}")]
    InvalidSignature(#[from] Invalid),
    /// A webhook event that belongs to no organization.
    #[error("no organization found for the event")]
    MissingOrgId,
    /// A webhook event could not be applied now; Stripe sends it again.
    #[error("the event was not applied")]
    ProcessingFailed(#[source] Box<ApiError>),
    /// Stripe refused or is down.
    #[error("stripe: {0}")]
    Stripe(#[from] stripe::Error),
    /// The database refused or is down.
    #[error("database: {0}")]
    Database(#[from] db::Error),
    /// A variable that this call needs is missing or malformed.
    #[error("{0} is not configured")]
    Misconfigured(&'static str),
    /// The configuration is in a secret that cannot be read, and nothing is known of it yet.
    #[error("there is no configuration: the secret cannot be read")]
    NoConfiguration,
    /// A part of the system reports that it is ill. The answer is the health route's own.
    #[error("an invariant does not hold: {0}")]
    Internal(&'static str),
}

/// Why a request got no success.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Failure<'a> {
    #[schemars(schema_with = "schema::always_false")]
    success: bool,
    /// One sentence for people. It may change.
    error: &'a str,
    /// For programs. It does not change.
    code: &'a str,
    /// To be named when asking us: our log has the reason under it.
    request_id: &'a str,
}

/// Seconds after which a caller may try again when the database was unavailable.
const DATABASE_RETRY_AFTER: u64 = 2;

impl ApiError {
    /// The one table: status, stable code, sentence.
    fn parts(&self) -> (StatusCode, &'static str, &str) {
        use StatusCode as S;
        match self {
            Self::InvalidRequest(sentence) => (S::BAD_REQUEST, "invalid_request", sentence),
            Self::InvalidOrgId => (S::BAD_REQUEST, "invalid_org_id", "orgId must be a UUID"),
            Self::InvalidPlan => {
                (S::BAD_REQUEST, "invalid_plan", "planCode must be pilot, pro or enterprise")
            }
            Self::InvalidInterval => (
                S::BAD_REQUEST,
                "invalid_interval",
                "interval must be month or year, and the plan must be sold by it",
            ),
            Self::InvalidReturnUrl => {
                (S::BAD_REQUEST, "invalid_return_url", "returnUrl must be on an allowed origin")
            }
            Self::Unauthenticated => (S::UNAUTHORIZED, "unauthenticated", "Authentication is required"),
            Self::IdentityMismatch => {
                (S::FORBIDDEN, "identity_mismatch", "The x-user-id header does not match the access token")
            }
            Self::NotAMember => (S::FORBIDDEN, "not_a_member", "You are not a member of this organization"),
            Self::NotABillingAdmin => {
                (S::FORBIDDEN, "not_a_billing_admin", "Only an owner or admin may change billing")
            }
            Self::NoCustomer => (S::NOT_FOUND, "no_customer", "This organization has no billing account yet"),
            Self::AlreadySubscribed => (
                S::CONFLICT,
                "already_subscribed",
                "This organization has a subscription already; use the customer portal to change it",
            ),
            Self::PayloadTooLarge => {
                (S::PAYLOAD_TOO_LARGE, "payload_too_large", "The request body is too large")
            }
            Self::InvalidSignature(_) => (S::BAD_REQUEST, "invalid_signature", "Invalid signature"),
            Self::MissingOrgId => (S::BAD_REQUEST, "missing_org_id", "Could not extract org_id"),
            Self::ProcessingFailed(_) => {
                (S::INTERNAL_SERVER_ERROR, "processing_failed", "Event processing failed")
            }
            Self::Stripe(stripe::Error::Throttled { .. }) => (
                S::SERVICE_UNAVAILABLE,
                "stripe_throttled",
                "The payment provider is busy; try again shortly",
            ),
            Self::Stripe(_) => {
                (S::BAD_GATEWAY, "stripe_error", "The payment provider did not accept the request")
            }
            Self::Database(error) if error.is_unavailable() => (
                S::SERVICE_UNAVAILABLE,
                "database_unavailable",
                "The service is briefly unavailable; try again shortly",
            ),
            Self::Database(_) | Self::Misconfigured(_) | Self::NoConfiguration | Self::Internal(_) => {
                (S::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side")
            }
        }
    }

    /// The HTTP status of the answer.
    pub fn status(&self) -> StatusCode {
        self.parts().0
    }

    /// The stable code that clients match on.
    pub fn code(&self) -> &'static str {
        self.parts().1
    }

    /// The code of what lies behind it: an event that could not be processed failed of something.
    pub fn root_code(&self) -> &'static str {
        match self {
            Self::ProcessingFailed(cause) => cause.code(),
            _ => self.code(),
        }
    }

    /// Whether the database or Stripe is not to be had at the moment, so that the next call would fail as well.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Database(error) => error.is_unavailable(),
            Self::Stripe(error) => match error {
                stripe::Error::Unreachable(_) | stripe::Error::Throttled { .. } => true,
                stripe::Error::Refused { status, .. } => matches!(status, 401 | 403 | 500..),
                stripe::Error::Unreadable(_) => false,
            },
            Self::Misconfigured(_) | Self::NoConfiguration => true,
            _ => false,
        }
    }

    /// Whether a newer configuration may make the difference: a secret, a login or a key that was replaced, or one that was missing.
    pub fn may_be_outdated(&self) -> bool {
        match self {
            // A header that cannot be read, or an old signature, no secret can make good.
            Self::InvalidSignature(invalid) => matches!(invalid, Invalid::Mismatch | Invalid::NoSecret),
            Self::Database(error) => error.is_login_refused(),
            Self::Stripe(stripe::Error::Refused { status, .. }) => *status == 401,
            Self::Misconfigured(_) => true,
            Self::ProcessingFailed(cause) => cause.may_be_outdated(),
            _ => false,
        }
    }

    /// Seconds until another try makes sense, where that is known.
    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Stripe(stripe::Error::Throttled { retry_after }) => Some(*retry_after),
            Self::Database(error) if error.is_unavailable() => Some(DATABASE_RETRY_AFTER),
            _ => None,
        }
    }

    /// Logs what the answer does not tell: once, at the edge, with all sources.
    pub fn log(&self, request_id: &str) {
        let mut cause = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(inner) = source {
            let text = inner.to_string();
            // Some errors quote their source, others leave it to us.
            if !cause.ends_with(&text) {
                cause.push_str(": ");
                cause.push_str(&text);
            }
            source = inner.source();
        }
        match self {
            Self::InvalidSignature(_) => {
                tracing::warn!(target: "billing", request_id, security = true, cause, "refused a webhook")
            }
            Self::IdentityMismatch => {
                tracing::warn!(target: "billing", request_id, security = true, cause, "refused a caller")
            }
            _ if self.parts().0.is_server_error() => {
                tracing::error!(target: "billing", request_id, cause, "failed")
            }
            _ => tracing::debug!(target: "billing", request_id, cause, "refused"),
        }
    }

    /// The answer.
    pub fn into_response(self, request_id: &str) -> Response<Body> {
        let (status, code, error) = self.parts();
        let mut response = response::json(status, &Failure { success: false, error, code, request_id });
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
