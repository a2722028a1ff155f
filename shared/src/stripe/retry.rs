//! Whether and when a failed call is tried again (Stripe, "Advanced error handling" and "Rate limits").

use std::time::Duration;

use lambda_http::http::HeaderMap;

const BASE: Duration = Duration::from_millis(300);
const LONGEST: Duration = Duration::from_secs(5);

/// Whether an answer with this status may be different next time. Stripe's own word, where it says one,
/// decides.
pub fn is_retryable(status: u16, headers: &HeaderMap) -> bool {
    match headers.get("stripe-should-retry").and_then(|value| value.to_str().ok()) {
        Some("true") => true,
        Some("false") => false,
        // 409: the same idempotency key is in use by a call that runs right now.
        _ => matches!(status, 409 | 429) || status >= 500,
    }
}

/// How long to wait after the given attempt (1 is the first): what the server asks for, at least an
/// exponential step with full jitter. None if that is more than `left`.
pub fn delay(attempt: u32, asked: Option<Duration>, left: Duration) -> Option<Duration> {
    let step = BASE.saturating_mul(1 << attempt.min(8)).min(LONGEST);
    let jittered = step.mul_f64(0.5 + fastrand::f64() / 2.0);
    Some(asked.map_or(jittered, |asked| asked.max(jittered))).filter(|wait| *wait < left)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn stripes_own_word_decides_before_the_status() {
        assert!(is_retryable(400, &headers(&[("stripe-should-retry", "true")])));
        assert!(!is_retryable(503, &headers(&[("stripe-should-retry", "false")])));
        for status in [409, 429, 500, 503] {
            assert!(is_retryable(status, &headers(&[])), "{status}");
        }
        for status in [400, 401, 402, 403, 404] {
            assert!(!is_retryable(status, &headers(&[])), "{status}");
        }
    }

    #[test]
    fn waits_grow_hold_to_retry_after_and_never_pass_the_deadline() {
        let left = Duration::from_secs(30);
        for attempt in 1..=4 {
            let wait = delay(attempt, None, left).unwrap();
            assert!(wait >= BASE && wait <= LONGEST, "{wait:?}");
        }
        assert!(delay(1, Some(Duration::from_secs(3)), left).unwrap() >= Duration::from_secs(3));
        assert_eq!(delay(1, Some(Duration::from_secs(60)), left), None);
    }
}
