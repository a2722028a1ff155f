//! Why a call to Stripe failed.

use serde::Deserialize;

use crate::telemetry::metrics;

/// Why a call to Stripe failed. Holds Stripe's codes and ids, not its sentences: they may quote what a person
/// typed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No answer within the deadline, or none at all.
    #[error("unreachable: {0}")]
    Unreachable(String),
    /// Too many requests.
    #[error("throttled")]
    Throttled {
        /// Seconds until another try makes sense.
        retry_after: u64,
    },
    /// Stripe answered an error.
    #[error("refused with {status} {code} (param {param}, request {request_id})")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Stripe's error code, or else its type.
        code: String,
        /// The parameter it is about.
        param: String,
        /// Stripe's id of the request, for its dashboard.
        request_id: String,
        /// What is missing exists in the other mode: live where the key is a test key, or the other way
        /// round.
        other_mode: bool,
    },
    /// Stripe answered something that this code does not understand.
    #[error("unreadable answer: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// Stripe answered something else than what it was asked.
    #[error("not an answer to what was asked: {0}")]
    Disbelieved(&'static str),
}

impl Error {
    /// An answer that can be read and is not believed. It is counted.
    pub(crate) fn disbelieved(why: &'static str) -> Self {
        metrics::disbelieved();
        Self::Disbelieved(why)
    }

    /// Nobody asked, because Stripe failed a moment ago. It is counted.
    pub(super) fn not_asked() -> Self {
        metrics::not_asked();
        Self::Unreachable("not asked, because it failed a moment ago".to_owned())
    }

    /// A page that was given before: who goes on from it would go round and never come to the rest.
    pub fn repeated_page() -> Self {
        Self::disbelieved("a page of a list came twice")
    }

    /// Whether Stripe says that the object which `param` names does not exist (any more).
    pub fn is_missing(&self, param: &str) -> bool {
        let Self::Refused { code, param: about, .. } = self else { return false };
        code == "resource_missing" && about == param
    }

    /// Whether Stripe says that the object which the call itself names does not exist (any more). An object
    /// in a path is called `id`, and Stripe answers 400 or 404 for it.
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code == "resource_missing")
    }

    /// What an answer with an error says.
    pub(super) fn refusal(status: u16, body: &[u8], request_id: String) -> Self {
        #[derive(Default, Deserialize)]
        struct Answer {
            #[serde(default)]
            error: Details,
        }
        #[derive(Default, Deserialize)]
        struct Details {
            #[serde(rename = "type")]
            kind: Option<String>,
            code: Option<String>,
            param: Option<String>,
            message: Option<String>,
        }
        // A proxy in between may answer HTML: then the status is all there is to tell.
        let details = serde_json::from_slice::<Answer>(body).unwrap_or_default().error;
        let code = details.code.or(details.kind).unwrap_or_else(|| "unknown".to_owned());
        // No code says so, only the sentence.
        let other_mode = code == "resource_missing"
            && details.message.is_some_and(|message| message.contains("a similar object exists in"));
        Self::Refused { status, code, param: details.param.unwrap_or_default(), request_id, other_mode }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_exists_in_the_other_mode_is_told_apart_from_what_does_not_exist() {
        for (message, expected) in [
            ("No such customer: 'cus_1'", false),
            (
                "No such customer: 'cus_1'; a similar object exists in live mode, but a test mode key was \
                 used to make this request.",
                true,
            ),
        ] {
            let error = serde_json::json!({ "code": "resource_missing", "param": "id", "message": message });
            let body = serde_json::json!({ "error": error }).to_string();
            let error = Error::refusal(404, body.as_bytes(), String::new());
            assert!(error.is_missing("id") && error.is_gone());
            assert!(
                matches!(error, Error::Refused { other_mode, .. } if other_mode == expected),
                "{message}"
            );
            assert!(!error.to_string().contains("cus_1"), "Stripe's sentences are not kept");
        }
    }
}
