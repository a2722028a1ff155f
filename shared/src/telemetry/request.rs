//! What belongs to one request while it is answered: its ids, when it must be over, and where its time went.
//! Kept beside the work, so that nothing has to carry it along.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use lambda_http::Context;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::clock::Clock;

tokio::task_local! {
    static CURRENT: Arc<Current>;
}

/// A part of the work that is timed.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    /// The signature of an event or of an access token, with fetching the keys for it.
    Verify,
    /// Calls to the database, waiting for a connection included.
    Database,
    /// Calls to Stripe, with all their attempts.
    Stripe,
}

/// A request, or a run of a scheduled function.
#[derive(Debug, Default)]
pub struct Current {
    /// Lambda's id of it.
    pub request_id: String,
    /// AWS X-Ray's id of the trace that it belongs to.
    pub trace_id: Option<String>,
    /// When Lambda ends it. None: nobody says.
    pub deadline: Option<Instant>,
    microseconds: [AtomicU64; 3],
    unfinished: Mutex<Vec<JoinHandle<()>>>,
}

/// A function's longest time at Lambda. A deadline that is further away, or past, is the constant that a
/// local runtime sends.
pub const LONGEST: Duration = Duration::from_secs(15 * 60);

impl Current {
    /// An invocation that begins.
    pub fn of(context: &Context) -> Arc<Self> {
        let left = context.deadline().duration_since(Clock::System.now().into()).ok();
        Arc::new(Self {
            request_id: context.request_id.clone(),
            trace_id: context.xray_trace_id.clone(),
            deadline: left.filter(|left| *left <= LONGEST).map(|left| Instant::now() + left),
            ..Self::default()
        })
    }

    /// A request that did not come through Lambda.
    pub fn unnamed() -> Arc<Self> {
        Arc::new(Self { request_id: "none".to_owned(), ..Self::default() })
    }

    /// The part that took the most time so far.
    pub fn longest(&self) -> Option<Part> {
        let taken = |part: &Part| self.microseconds[*part as usize].load(Ordering::Relaxed);
        [Part::Verify, Part::Database, Part::Stripe]
            .into_iter()
            .filter(|part| taken(part) > 0)
            .max_by_key(taken)
    }

    /// Waits for what was left over, but not longer than `limit`: after the answer the process may be frozen.
    pub async fn finish(&self, limit: Duration) {
        let unfinished = std::mem::take(&mut *self.unfinished.lock().unwrap_or_else(PoisonError::into_inner));
        if !unfinished.is_empty() {
            // What is not done by then goes on while the process runs.
            let _ = timeout(limit, join_all(unfinished)).await;
        }
    }

    /// The time that a part took so far, in milliseconds; calls at the same time add up. None: it had no
    /// part.
    pub fn milliseconds(&self, part: Part) -> Option<f64> {
        match self.microseconds[part as usize].load(Ordering::Relaxed) {
            0 => None,
            micros => Some(micros as f64 / 1000.0),
        }
    }
}

/// Does work as part of a request.
pub async fn during<T>(current: Arc<Current>, work: impl Future<Output = T>) -> T {
    CURRENT.scope(current, work).await
}

/// The request that this is done for; an empty one outside of any.
pub fn current() -> Arc<Current> {
    CURRENT.try_with(Arc::clone).unwrap_or_default()
}

/// Leaves work over that the answer does not need, and that should be done before the process is frozen.
pub fn finish_before_the_answer(work: JoinHandle<()>) {
    // Err: outside of a request nobody freezes anything.
    let _ = CURRENT.try_with(|current| {
        current.unfinished.lock().unwrap_or_else(PoisonError::into_inner).push(work);
    });
}

/// Adds to the time of a part until it is dropped: work that is given up counts, too.
#[derive(Debug)]
pub struct Timer(Part, Instant);

impl Timer {
    /// Begins now.
    pub fn start(part: Part) -> Self {
        Self(part, Instant::now())
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        // Err: outside of a request there is nobody to tell.
        let _ = CURRENT.try_with(|current| {
            let micros = u64::try_from(self.1.elapsed().as_micros()).unwrap_or(u64::MAX).max(1);
            current.microseconds[self.0 as usize].fetch_add(micros, Ordering::Relaxed);
        });
    }
}
