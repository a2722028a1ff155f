//! How long Stripe is waited for. A person at a checkout, and a reconciliation, wait until it answers. An
//! event does not: Stripe sends it again, and whoever waits with it keeps an instance from events that need
//! no answer.

use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How often Stripe is asked, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Patience {
    /// Attempts of one call, the first included.
    pub attempts: u32,
    /// One attempt may take this long.
    pub attempt: Duration,
    /// After this long, no further attempt is begun.
    pub call: Duration,
}

impl Patience {
    /// Less than API Gateway's 30 s, which are the caller's last word.
    pub(super) const LONG: Self =
        Self { attempts: 4, attempt: Duration::from_secs(8), call: Duration::from_secs(20) };
    /// Far more than Stripe needs for a read when it is well.
    pub(super) const SHORT: Self =
        Self { attempts: 1, attempt: Duration::from_secs(2), call: Duration::from_secs(2) };
}

/// So many failures in a row: one alone may be the illness of one object.
const FAILURES: u32 = 2;
/// How long nobody asks after that. The next call is the probe: if it fails, too, it is as long again.
const REST: Duration = Duration::from_secs(5);

/// Remembers that Stripe is ill, for one process.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    closed_again: Option<Instant>,
}

impl Breaker {
    /// Whether Stripe is not to be asked now.
    pub(super) fn is_open(&self) -> bool {
        self.is_open_at(Instant::now())
    }

    /// Notes what came of an attempt. `is_ill`: a failure that may pass.
    pub(super) fn note(&self, is_ill: bool) {
        self.note_at(Instant::now(), is_ill);
    }

    fn is_open_at(&self, now: Instant) -> bool {
        self.with(|state| state.closed_again.is_some_and(|until| now < until))
    }

    fn note_at(&self, now: Instant, is_ill: bool) {
        self.with(|state| {
            if !is_ill {
                *state = State::default();
                return;
            }
            state.failures += 1;
            if state.failures >= FAILURES {
                state.closed_again = Some(now + REST);
            }
        });
    }

    /// A panic between the two halves of a change cannot be: the state is whole.
    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_failures_in_a_row_are_a_rest_and_the_next_failure_is_another() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        breaker.note_at(now, true);
        assert!(!breaker.is_open_at(now), "one alone may be the illness of one object");
        breaker.note_at(now, true);
        assert!(breaker.is_open_at(now + REST / 2));
        let later = now + REST;
        assert!(!breaker.is_open_at(later));
        breaker.note_at(later, true);
        assert!(breaker.is_open_at(later + REST / 2));
    }

    #[test]
    fn a_success_ends_it_and_failures_with_a_success_between_them_never_begin_it() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        for _ in 0..5 {
            breaker.note_at(now, true);
            breaker.note_at(now, false);
        }
        assert!(!breaker.is_open_at(now));
        breaker.note_at(now, true);
        breaker.note_at(now, true);
        breaker.note_at(now + REST, false);
        assert!(!breaker.is_open_at(now));
    }
}
