//! Every way a request can fail, and the one table from failure to status, code and sentence.

use lambda_http::http::{HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::{Error, NOT_APPLIED, with_sources};
use crate::http::evaluation::{EvaluationFailure, Unevaluated};
use crate::http::identity::Refusal;
use crate::http::{response, retry_after, schema};
use crate::stripe::signature::Invalid;
use crate::{db, stripe};

/// Why a request gets no success: what is wrong with the request, or what failed. Sources are kept for the
/// log and never shown.
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
    /// `seats` is none, or more than the plan is sold with.
    #[error("the plan is not sold with so many seats")]
    InvalidSeats,
    /// An address to return to leads elsewhere.
    #[error("an address to return to is not on an allowed origin")]
    InvalidReturnUrl,
    /// Nothing proves who calls.
    #[error("no identity: {0}")]
    Unauthenticated(#[from] Refusal),
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
    AlreadySubscribed {
        /// False: at a price that nobody knows a plan for, so the portal cannot change it.
        price_known: bool,
        /// Where the portal makes the change that was ordered. None: it cannot, or Stripe did not say.
        portal_url: Option<String>,
    },
    /// Stripe's portal has no page for what it shall be opened for.
    #[error("the portal has no page for this")]
    FlowUnavailable,
    /// The organization's customer pays for another organization too.
    #[error("the Stripe customer pays for another organization too")]
    SharedCustomer,
    /// The body is larger than the route takes.
    #[error("payload too large")]
    PayloadTooLarge,
    /// A webhook without a valid signature.
    #[error("invalid signature: {0}")]
    InvalidSignature(#[from] Invalid),
    /// No flag was evaluated.
    #[error("not evaluated: {why}")]
    Unevaluated {
        /// The flag. None: all were asked for.
        key: Option<String>,
        /// What is wrong.
        why: Unevaluated,
    },
    /// What the request asked for failed.
    #[error(transparent)]
    Failed(#[from] Error),
    /// A webhook event could not be applied now; Stripe sends it again.
    #[error("{NOT_APPLIED}")]
    ProcessingFailed(#[source] Error),
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
    /// With `already_subscribed`: Stripe's page that makes the ordered change.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::uri")]
    portal_url: Option<&'a str>,
}

impl ApiError {
    /// The one table: status, stable code, sentence.
    fn parts(&self) -> (StatusCode, &'static str, &str) {
        use StatusCode as S;
        match self {
            Self::InvalidRequest(sentence) => (S::BAD_REQUEST, "invalid_request", sentence),
            Self::InvalidOrgId => (S::BAD_REQUEST, "invalid_org_id", "orgId must be a UUID"),
            Self::InvalidPlan => (S::BAD_REQUEST, "invalid_plan", "planCode must be one of the plans"),
            Self::InvalidInterval => (
                S::BAD_REQUEST,
                "invalid_interval",
                "interval must be month or year, and the plan must be sold by it",
            ),
            Self::InvalidSeats => {
                (S::BAD_REQUEST, "invalid_seats", "The plan is not sold with so many seats")
            }
            Self::InvalidReturnUrl => {
                (S::BAD_REQUEST, "invalid_return_url", "An address to return to must be on an allowed origin")
            }
            // Nobody knows whether the token is good: that is an outage, and no refusal.
            Self::Unauthenticated(Refusal::KeysUnavailable) => (
                S::SERVICE_UNAVAILABLE,
                "identity_unavailable",
                "Access tokens cannot be checked at the moment; try again shortly",
            ),
            Self::Unauthenticated(_) => (S::UNAUTHORIZED, "unauthenticated", "Authentication is required"),
            Self::IdentityMismatch => {
                (S::FORBIDDEN, "identity_mismatch", "The x-user-id header does not match the access token")
            }
            Self::NotAMember => (S::FORBIDDEN, "not_a_member", "You are not a member of this organization"),
            Self::NotABillingAdmin => {
                (S::FORBIDDEN, "not_a_billing_admin", "Only an owner or admin may change billing")
            }
            Self::NoCustomer => (S::NOT_FOUND, "no_customer", "This organization has no billing account yet"),
            Self::AlreadySubscribed { price_known: true, .. } => (
                S::CONFLICT,
                "already_subscribed",
                "This organization has a subscription already; use the customer portal to change it",
            ),
            Self::AlreadySubscribed { price_known: false, .. } => (
                S::CONFLICT,
                "already_subscribed",
                "This organization pays already, at a price that no plan is known for; ask support",
            ),
            Self::FlowUnavailable => (
                S::CONFLICT,
                "flow_unavailable",
                "The customer portal has no page for this; open it without a flow",
            ),
            Self::SharedCustomer => (
                S::CONFLICT,
                "shared_customer",
                "This organization's customer pays for another organization too, so its portal stays \
                 closed; ask support",
            ),
            Self::PayloadTooLarge => {
                (S::PAYLOAD_TOO_LARGE, "payload_too_large", "The request body is too large")
            }
            Self::InvalidSignature(_) => (S::BAD_REQUEST, "invalid_signature", "Invalid signature"),
            Self::Unevaluated { why, .. } => why.parts(),
            Self::Failed(error) => failed(error),
            Self::ProcessingFailed(_) => {
                (S::INTERNAL_SERVER_ERROR, "processing_failed", "Event processing failed")
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

    /// What failed while the request was worked on, if that is why it gets no success.
    pub fn failure(&self) -> Option<&Error> {
        match self {
            Self::Failed(error) | Self::ProcessingFailed(error) => Some(error),
            _ => None,
        }
    }

    /// For an event that was not applied: Stripe sends it again, unless the event itself is at fault.
    pub fn of_event(error: Error) -> Self {
        if error.is_refusal() { Self::Failed(error) } else { Self::ProcessingFailed(error) }
    }

    /// Whether a newer configuration may make the difference: a secret, a login or a key that was replaced,
    /// or one that was missing.
    pub fn may_be_outdated(&self) -> bool {
        match self {
            // A header that cannot be read, or an old signature, no secret can make good.
            Self::InvalidSignature(invalid) => matches!(invalid, Invalid::Mismatch | Invalid::NoSecret),
            Self::Unauthenticated(refusal) => refusal.may_be_outdated(),
            _ => self.failure().is_some_and(Error::may_be_outdated),
        }
    }

    /// Whether the request came with an access token, and it was refused.
    pub fn is_refused_token(&self) -> bool {
        let no_refusal = [Refusal::Missing, Refusal::KeysUnavailable];
        matches!(self, Self::Unauthenticated(refusal) if !no_refusal.contains(refusal))
    }

    /// Seconds until another try makes sense, where that is known.
    fn retry_after(&self) -> Option<u64> {
        match self {
            // An event that was not applied is kept, and tried again after a minute.
            Self::ProcessingFailed(error) => Some(retry_after::of(error).unwrap_or(retry_after::OF_EVENT)),
            Self::Failed(Error::UnreadableEvent(_) | Error::MissingOrg)
            | Self::InvalidSignature(Invalid::NoSecret) => Some(retry_after::OF_EVENT),
            Self::Failed(error) => retry_after::of(error),
            Self::Unauthenticated(Refusal::KeysUnavailable) => Some(retry_after::OF_IDENTITY),
            _ => None,
        }
    }

    /// Logs what the answer does not tell: once, at the edge, with all sources.
    pub fn log(&self, request_id: &str) {
        let cause = with_sources(self);
        match self {
            Self::InvalidSignature(_) => {
                tracing::warn!(target: "billing", request_id, security = true, cause, "refused a webhook")
            }
            Self::Unauthenticated(refusal) => refusal.log(request_id),
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
        let portal_url = match &self {
            Self::AlreadySubscribed { portal_url, .. } => portal_url.as_deref(),
            _ => None,
        };
        let failure = Failure { success: false, error, code, request_id, portal_url };
        let mut response = match &self {
            Self::Unevaluated { key, why } => {
                let (key, error_code) = (key.as_deref(), why.error_code());
                let failure = EvaluationFailure { failure, key, error_code, error_details: error };
                response::json(status, &failure)
            }
            _ => response::json(status, &failure),
        };
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// The same table, for what fails in an operation.
fn failed(error: &Error) -> (StatusCode, &'static str, &str) {
    use StatusCode as S;
    let (status, sentence) = match error {
        Error::UnreadableEvent(unreadable) => (S::BAD_REQUEST, unreadable.sentence()),
        Error::MissingOrg => (S::BAD_REQUEST, "Could not extract org_id"),
        Error::Stripe(stripe::Error::Throttled { .. }) => {
            (S::SERVICE_UNAVAILABLE, "The payment provider is busy; try again shortly")
        }
        Error::Stripe(_) => (S::BAD_GATEWAY, "The payment provider did not accept the request"),
        Error::Database(error) if error.is_unavailable() => {
            (S::SERVICE_UNAVAILABLE, "The service is briefly unavailable; try again shortly")
        }
        Error::Database(_)
        | Error::Misconfigured(_)
        | Error::NoConfiguration
        | Error::OutOfTime
        | Error::Internal(_) => (S::INTERNAL_SERVER_ERROR, "Something went wrong on our side"),
    };
    (status, error.code(), sentence)
}

impl From<db::Error> for ApiError {
    fn from(error: db::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<stripe::Error> for ApiError {
    fn from(error: stripe::Error) -> Self {
        Self::Failed(error.into())
    }
}
