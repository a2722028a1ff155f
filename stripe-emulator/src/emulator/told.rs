//! Who is told that time was moved.

use std::fmt;
use std::sync::{Mutex, PoisonError};

type Hear = Box<dyn Fn(i64) + Send + Sync>;

/// The one who hears it, and what they heard last, in seconds.
#[derive(Default)]
pub(super) struct Told(Mutex<Option<(Hear, Option<i64>)>>);

impl Told {
    pub(super) fn hear(&self, hear: Hear) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((hear, None));
    }

    pub(super) fn tell(&self, ahead: i64) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((hear, last)) = told.as_mut().filter(|(_, last)| *last != Some(ahead)) {
            hear(ahead);
            *last = Some(ahead);
        }
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Told").finish_non_exhaustive()
    }
}
