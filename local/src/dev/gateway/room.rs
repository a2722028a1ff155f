//! Room for requests: as many as a function's processes work at, and those that will get their turn soon.
//! Who finds no room is told so at once, instead of waiting longer than anybody wants to. (AWS does the same
//! where a function has no concurrency left.)
//!
//! Two rules keep the line short. Who comes is refused if the line is too long, as far as one knows how long
//! requests take. Who waits is refused once they have waited too long, whatever was expected. Neither is for
//! the few who come when hardly anybody waits: a page asks several things together while a function starts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout_at;

use super::own;

/// How long a request may be expected to wait for its turn.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long it does at most, since it came, where that was expected wrongly. An answer shall come within a
/// second, and making it takes time, too.
const LONGEST: Duration = Duration::from_millis(800);
/// So many for each process are never refused, however long they take.
const FEW: usize = 4;
/// What a request is thought to take until one is known.
const FIRST_GUESS: Duration = Duration::from_millis(10);
/// Seconds after which there may be room again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// The room of one function.
#[derive(Clone)]
pub struct Room(Arc<Inside>);

struct Inside {
    processes: usize,
    /// A process for each permit.
    turns: Semaphore,
    /// Requests that wait or are worked at.
    requests: AtomicUsize,
    /// What a request takes, on average, in microseconds.
    took: AtomicU64,
}

/// A process's turn for a request, until this is dropped.
pub struct Place<'a> {
    begun: Instant,
    _turn: SemaphorePermit<'a>,
    counted: Counted<'a>,
}

struct Counted<'a>(&'a Inside);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.counted.0.learn(self.begun.elapsed());
    }
}

impl Room {
    /// For a function that so many processes run.
    pub fn of(processes: usize) -> Self {
        Self(Arc::new(Inside {
            processes,
            turns: Semaphore::new(processes),
            requests: AtomicUsize::new(0),
            took: AtomicU64::new(micros(FIRST_GUESS)),
        }))
    }

    /// Waits for a turn. `arrived`: when the request was there. None: it would take too long, or it did.
    pub async fn enter(&self, arrived: Instant) -> Option<Place<'_>> {
        let before = self.0.requests.fetch_add(1, Ordering::SeqCst);
        let counted = Counted(&self.0);
        if self.0.is_full(before) {
            return None;
        }
        let turn = self.0.turns.acquire();
        let turn = match self.0.is_among_few(before) {
            true => turn.await,
            false => timeout_at((arrived + LONGEST).into(), turn).await.ok()?,
        };
        let turn = turn.ok()?;
        Some(Place { begun: Instant::now(), _turn: turn, counted })
    }
}

impl Inside {
    fn is_full(&self, before: usize) -> bool {
        let wait = before as u64 * self.took.load(Ordering::SeqCst) / self.processes as u64;
        !self.is_among_few(before) && wait > micros(PATIENCE)
    }

    fn is_among_few(&self, before: usize) -> bool {
        before < FEW * self.processes
    }

    fn learn(&self, took: Duration) {
        // Whichever of two at once is kept: it is an average.
        let average = (self.took.load(Ordering::SeqCst) * 7 + micros(took)) / 8;
        self.took.store(average, Ordering::SeqCst);
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX / 8)
}

/// The answer to a request that finds no room.
pub fn full() -> Response {
    let mut response = own(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable");
    response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slower_requests_are_the_fewer_may_wait() {
        let room = Room::of(2);
        let largest = |room: &Room| (0..10_000).find(|before| room.0.is_full(*before)).unwrap();
        assert_eq!(largest(&room), 101, "10 ms each, two at a time, within 500 ms");
        (0..100).for_each(|_| room.0.learn(Duration::from_millis(50)));
        assert!((20..=22).contains(&largest(&room)), "{}", largest(&room));
        (0..100).for_each(|_| room.0.learn(Duration::from_secs(10)));
        assert_eq!(largest(&room), 8, "four of each process are never refused");
    }

    #[tokio::test]
    async fn a_place_is_free_again_once_its_request_is_answered() {
        let room = Room::of(1);
        room.0.took.store(micros(Duration::from_secs(10)), Ordering::SeqCst);
        let first = room.enter(Instant::now()).await;
        assert_eq!(room.0.requests.load(Ordering::SeqCst), 1);
        drop(first);
        assert_eq!(room.0.requests.load(Ordering::SeqCst), 0);
        assert!(room.0.took.load(Ordering::SeqCst) < micros(Duration::from_secs(9)));
    }
    #[tokio::test]
    async fn who_has_waited_too_long_is_refused_and_leaves_the_line() {
        let room = Room::of(1);
        let long_ago = Instant::now() - 2 * LONGEST;
        let first = room.enter(long_ago).await;
        assert!(first.is_some(), "a turn that is free is had");
        room.0.requests.fetch_add(FEW, Ordering::SeqCst);
        assert!(!room.0.is_full(FEW + 1), "10 ms each: nobody is refused at once");
        // The turn is never given back: nothing but the deadline ends this.
        assert!(room.enter(long_ago).await.is_none());
        assert_eq!(room.0.requests.load(Ordering::SeqCst), FEW + 1);
        drop(first);
        assert!(room.enter(long_ago).await.is_some());
    }
}
