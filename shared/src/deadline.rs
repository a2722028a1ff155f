//! An answer before Lambda's time for the request is over. What Lambda ends itself has no answer of ours and
//! no line in the log, and costs the next request a cold start: too much while a database is slow.

use std::pin::Pin;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::error::Error;
use crate::telemetry::request::{self, Part};
use crate::{db, stripe};

/// Does work of the current request, but leaves it this much of its time. Boxed: what waits for work is else
/// as large again.
///
/// # Errors
/// Those of the work; when its time is over, that of what it waited for the longest.
pub(crate) async fn hold<T, E: From<Error>>(
    reserve: Duration,
    work: Pin<Box<impl Future<Output = Result<T, E>>>>,
) -> Result<T, E> {
    let Some(deadline) = request::current().deadline else { return work.await };
    let left = deadline.saturating_duration_since(Instant::now()).saturating_sub(reserve);
    let in_time = timeout(left, work).await;
    in_time.unwrap_or_else(|_| Err(out_of_time().into()))
}

fn out_of_time() -> Error {
    match request::current().longest() {
        Some(Part::Database) => db::Error::Timeout.into(),
        Some(Part::Stripe) => stripe::Error::Unreachable("no answer in the request's time".to_owned()).into(),
        Some(Part::Verify) | None => Error::OutOfTime,
    }
}
