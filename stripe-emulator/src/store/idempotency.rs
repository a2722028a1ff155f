//! Idempotency keys: the first answer is replayed, other parameters are refused, a key in flight too.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::wire::errors::ApiError;

/// Answers kept by idempotency key.
#[derive(Debug, Default)]
pub(crate) struct Replays(HashMap<String, Kept>);

#[derive(Debug, Clone)]
struct Kept {
    call: String,
    replay: Replay,
    /// Until then the first call is still being answered.
    answered_at: Instant,
}

/// An answer to give again.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Replay {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) request: String,
}

/// What the parameters of two calls are compared by.
pub(crate) fn call(method: &str, path: &str, params: &Value) -> String {
    format!("{method} {path} {params}")
}

impl Replays {
    /// The kept answer for this key, if the call is the same and was answered.
    pub(crate) fn find(&self, key: &str, call: &str) -> Result<Option<Replay>, ApiError> {
        let Some(kept) = self.0.get(key) else { return Ok(None) };
        if kept.call != call {
            let message = format!(
                "Keys for idempotent requests can only be used with the same parameters they were first used \
                 with. Try using a key other than '{key}' if you meant to execute a different request."
            );
            return Err(ApiError::invalid(message).kind("idempotency_error"));
        }
        if Instant::now() < kept.answered_at {
            let message = format!(
                "There is currently another in-progress request using this Idempotent Key (that probably \
                 means you submitted twice, and the other request is still going through): {key}. Please try \
                 again later."
            );
            let error = ApiError::invalid(message).kind("idempotency_error").status(409);
            return Err(error.code("idempotency_key_in_use"));
        }
        Ok(Some(kept.replay.clone()))
    }

    /// Keeps an answer. Refused parameters are not kept, as the work never began.
    pub(crate) fn keep(&mut self, key: &str, call: String, replay: Replay, delay: Duration) {
        if matches!(replay.status, 200 | 402) {
            let answered_at = Instant::now() + delay;
            self.0.insert(key.to_owned(), Kept { call, replay, answered_at });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn replay(status: u16) -> Replay {
        Replay { status, body: json!({ "id": "cus_1" }), request: "req_1".into() }
    }

    #[test]
    fn the_first_answer_comes_back_and_other_parameters_are_refused() {
        let mut replays = Replays::default();
        replays.keep("k", "POST /a {}".into(), replay(200), Duration::ZERO);
        assert_eq!(replays.find("k", "POST /a {}").unwrap(), Some(replay(200)));
        let refused = replays.find("k", "POST /b {}").unwrap_err();
        assert_eq!((refused.status, refused.kind), (400, "idempotency_error"));
    }

    #[test]
    fn a_key_in_flight_is_a_conflict() {
        let mut replays = Replays::default();
        replays.keep("k", "POST /a {}".into(), replay(200), Duration::from_secs(60));
        assert_eq!(replays.find("k", "POST /a {}").unwrap_err().status, 409);
    }

    #[test]
    fn a_refused_call_leaves_its_key_free() {
        let mut replays = Replays::default();
        replays.keep("k", "POST /a {}".into(), replay(400), Duration::ZERO);
        assert_eq!(replays.find("k", "POST /b {}").unwrap(), None);
    }
}
