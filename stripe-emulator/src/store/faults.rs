//! What tests ask for besides Stripe's own behaviour: faults that are injected, and the log of API calls.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An answer that goes wrong, for calls that match it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct Fault {
    /// Only calls of this method; any method when absent.
    pub method: Option<String>,
    /// Only paths that start with this, such as `/v1/subscriptions`.
    pub path_prefix: String,
    /// The status answered instead of doing the work. 200: the work is done, and answered after the delay.
    /// 0: the work is done, and the connection dropped without an answer.
    pub status: u16,
    /// Answered instead of what was asked for, where the status is 200.
    pub body: Option<Value>,
    /// Seconds of a `Retry-After` header.
    pub retry_after: Option<u64>,
    /// How many calls it hits before it is used up.
    pub times: u32,
    /// How long the answer is held back.
    pub delay_ms: u64,
}

impl Default for Fault {
    fn default() -> Fault {
        Fault {
            method: None,
            path_prefix: "/v1/".into(),
            status: 500,
            body: None,
            retry_after: None,
            times: 1,
            delay_ms: 0,
        }
    }
}

impl Fault {
    fn hits(&self, method: &str, path: &str) -> bool {
        let method_fits = self.method.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method));
        self.times > 0 && method_fits && path.starts_with(&self.path_prefix)
    }
}

/// Takes one use of the first fault that fits this call.
pub(crate) fn take(faults: &mut Vec<Fault>, method: &str, path: &str) -> Option<Fault> {
    let fault = faults.iter_mut().find(|fault| fault.hits(method, path))?;
    fault.times -= 1;
    let taken = fault.clone();
    faults.retain(|fault| fault.times > 0);
    Some(taken)
}

/// One API call as it came in, and how it was answered.
#[derive(Debug, Clone, Serialize)]
pub struct RecordedRequest {
    /// The HTTP method.
    pub method: String,
    /// The path without its query.
    pub path: String,
    /// The `Idempotency-Key` header. None: there was none.
    pub idempotency_key: Option<String>,
    /// The `Stripe-Version` the answer was shaped for.
    pub api_version: String,
    /// The query's and the form's parameters, brackets unfolded.
    pub params: Value,
    /// The status answered; 0 for a dropped connection.
    pub status: u16,
}
