//! Test clocks, by which time goes in test mode.

use serde::Deserialize;

/// A test clock as Stripe sends it.
#[derive(Debug, Deserialize)]
pub struct TestClock {
    /// Its id, `clock_...`.
    pub id: String,
    /// Its time, Unix seconds.
    pub frozen_time: i64,
}
