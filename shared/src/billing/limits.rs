//! How long work goes on, and how fast it may ask Stripe.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Calls to Stripe in a second that nobody waits for: a fifth of what Stripe lets a live account do (Stripe,
/// "Rate limits"), so that checkouts and webhooks keep the rest.
pub const CALLS_PER_SECOND: u32 = 20;

/// What stops work, and what slows it down. By default nothing does.
#[derive(Debug, Default)]
pub struct Limits {
    deadline: Option<Instant>,
    stop: Arc<AtomicBool>,
    pace: Option<Pace>,
}

#[derive(Debug)]
struct Pace {
    interval: Duration,
    next: Mutex<Option<Instant>>,
}

impl Limits {
    /// Work stops before then.
    pub fn until(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Work stops once somebody sets the flag.
    pub fn stopped_by(mut self, flag: &Arc<AtomicBool>) -> Self {
        self.stop = Arc::clone(flag);
        self
    }

    /// Stripe is asked at most that often. 0: once a second.
    pub fn at_pace(mut self, calls_per_second: u32) -> Self {
        let interval = Duration::from_secs(1) / calls_per_second.max(1);
        self.pace = Some(Pace { interval, next: Mutex::new(None) });
        self
    }

    /// Whether to stop now.
    pub fn are_reached(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.deadline.is_some_and(|at| Instant::now() >= at)
    }

    /// Waits until Stripe may be asked again.
    pub async fn pace(&self) {
        let Some(pace) = &self.pace else { return };
        let wait = {
            let mut next = pace.next.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            let at = next.map_or(now, |next| next.max(now));
            *next = Some(at + pace.interval);
            at - now
        };
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn calls_are_as_far_apart_as_the_pace_says_and_unhurried_work_does_not_wait() {
        let limits = Limits::default().at_pace(100);
        let started = Instant::now();
        for _ in 0..6 {
            limits.pace().await;
        }
        assert!(started.elapsed() >= Duration::from_millis(50), "{:?}", started.elapsed());
        tokio::time::sleep(Duration::from_millis(30)).await;
        let started = Instant::now();
        limits.pace().await;
        assert!(started.elapsed() < Duration::from_millis(10), "{:?}", started.elapsed());
    }

    #[test]
    fn work_stops_when_time_is_up_or_somebody_says_so() {
        assert!(!Limits::default().are_reached());
        assert!(Limits::default().until(Instant::now()).are_reached());
        let flag = Arc::new(AtomicBool::new(false));
        let limits = Limits::default().stopped_by(&flag);
        assert!(!limits.are_reached());
        flag.store(true, Ordering::Relaxed);
        assert!(limits.are_reached());
    }
}
