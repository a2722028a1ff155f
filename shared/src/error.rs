//! Every way an operation can fail, whoever called it: a request, a schedule, an operator. What a caller over
//! HTTP is told of it is in [`http::error`](crate::http::error), what an operator is told in the CLI.

use crate::stripe::event::Unreadable;
use crate::{db, stripe};

/// Why an operation did not do its work. Sources are kept for the log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused or is down.
    #[error("database: {0}")]
    Database(#[from] db::Error),
    /// Stripe refused or is down.
    #[error("stripe: {0}")]
    Stripe(#[from] stripe::Error),
    /// A variable that the operation needs is missing or malformed.
    #[error("{0} is not configured")]
    Misconfigured(&'static str),
    /// The configuration is in a secret that cannot be read, and nothing is known of it yet.
    #[error("there is no configuration: the secret cannot be read")]
    NoConfiguration,
    /// An event, or the object in it, cannot be read.
    #[error("invalid request: {0}")]
    UnreadableEvent(#[from] Unreadable),
    /// An event belongs to no organization.
    #[error("no organization found for the event")]
    MissingOrg,
    /// The request's time was over, and neither the database nor Stripe was waited for.
    #[error("an invariant does not hold: the work took longer than the request may")]
    OutOfTime,
    /// Something is as it should never be.
    #[error("an invariant does not hold: {0}")]
    Internal(&'static str),
}

impl Error {
    /// The stable word for it: in logs, metrics, `webhook_events.error_code`, and in answers.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnreadableEvent(_) => "invalid_request",
            Self::MissingOrg => "missing_org_id",
            Self::Stripe(stripe::Error::Throttled { .. }) => "stripe_throttled",
            Self::Stripe(_) => "stripe_error",
            Self::Database(error) if error.is_unavailable() => "database_unavailable",
            Self::Database(_)
            | Self::Misconfigured(_)
            | Self::NoConfiguration
            | Self::OutOfTime
            | Self::Internal(_) => "internal",
        }
    }

    /// Whether the event itself is at fault. Everything else is ours, or somebody's whom we depend on: the
    /// event is tried again.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::UnreadableEvent(_) | Self::MissingOrg)
    }

    /// Whether the next call is sure to fail as well, whatever it is about: a login or a key that is not
    /// accepted, or no connection. Anything else may be the illness of one object.
    pub fn is_everybodys(&self) -> bool {
        match self {
            Self::Database(error) => matches!(error, db::Error::Connect(_)) || error.is_login_refused(),
            Self::Stripe(error) => {
                matches!(error, stripe::Error::Refused { status: 401 | 403, .. })
            }
            Self::Misconfigured(_) | Self::NoConfiguration => true,
            Self::UnreadableEvent(_) | Self::MissingOrg | Self::OutOfTime | Self::Internal(_) => false,
        }
    }

    /// Whether a newer configuration may make the difference: a login or a key that was replaced, or a
    /// variable that was missing.
    pub fn may_be_outdated(&self) -> bool {
        match self {
            Self::Database(error) => error.is_login_refused(),
            Self::Stripe(stripe::Error::Refused { status, .. }) => *status == 401,
            Self::Misconfigured(_) => true,
            _ => false,
        }
    }

    /// Logs it once, at the edge. `request_id`: or the name of the work, where no request asked for it.
    pub fn log(&self, request_id: &str) {
        tell(request_id, with_sources(self), self.is_refusal());
    }

    /// The same for an event that is tried again because of it.
    pub fn log_unapplied(&self, request_id: &str) {
        match self.is_refusal() {
            true => self.log(request_id),
            false => tell(request_id, format!("{NOT_APPLIED}: {}", with_sources(self)), false),
        }
    }
}

/// What the log says of an event that is tried again, before the reason.
pub(crate) const NOT_APPLIED: &str = "the event was not applied";

fn tell(request_id: &str, cause: String, is_refusal: bool) {
    match is_refusal {
        true => tracing::debug!(target: "billing", request_id, cause, "refused"),
        false => tracing::error!(target: "billing", request_id, cause, "failed"),
    }
}

/// An error and all its sources, in one line.
pub fn with_sources(error: &dyn std::error::Error) -> String {
    let mut cause = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let text = inner.to_string();
        // Some errors quote their source, others leave it to us.
        if !cause.ends_with(&text) {
            cause.push_str(": ");
            cause.push_str(&text);
        }
        source = inner.source();
    }
    cause
}
