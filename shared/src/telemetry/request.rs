//! What belongs to one request while it is answered: its ids, and where its time went. Kept beside the work, so that nothing has to
//! carry it along.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

tokio::task_local! {
    static CURRENT: Arc<Current>;
}

/// A part of the work that is timed.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    /// The signature of an event.
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
    microseconds: [AtomicU64; 3],
}

impl Current {
    /// A request that begins.
    pub fn new(request_id: String, trace_id: Option<String>) -> Arc<Self> {
        Arc::new(Self { request_id, trace_id, ..Self::default() })
    }

    /// The time that a part took so far, in milliseconds; calls at the same time add up. None: it had no part.
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

/// Adds to the time of a part.
pub fn took(part: Part, time: Duration) {
    // Err: outside of a request there is nobody to tell.
    let _ = CURRENT.try_with(|current| {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1);
        current.microseconds[part as usize].fetch_add(micros, Ordering::Relaxed);
    });
}
