//! The one place that reads the wall clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

/// Tells the time. Tests hold it still or set it.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    System,
    /// A clock that stands at the given Unix millisecond until it is set.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// The time now.
    #[allow(clippy::disallowed_methods)] // This is the clock.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Fixed(clock) => {
                Timestamp::from_millisecond(clock.load(Ordering::SeqCst)).unwrap_or_default()
            }
        }
    }
}
