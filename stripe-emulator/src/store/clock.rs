//! The emulator's clock, the only place here that reads the machine's. What happens to billing follows it;
//! webhook signatures follow the machine's clock, or a receiver would refuse them after time was moved on.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Seconds since 1970 on the machine's clock.
// The clock that can be set starts from the one that cannot.
#[allow(clippy::disallowed_methods)]
pub(crate) fn wall_seconds() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_secs().cast_signed())
}

/// Time that runs with the machine's until it is moved on, frozen, lent out or told by another clock.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Clock {
    ahead: i64,
    frozen: Option<i64>,
    /// While something due is carried out, time is the second it was due at.
    #[serde(skip)]
    lent: Option<i64>,
    /// A clock in milliseconds, and how far ahead of it time is here.
    #[serde(skip)]
    followed: Option<(Arc<AtomicI64>, i64)>,
}

impl Clock {
    pub(crate) fn now(&self) -> i64 {
        let followed = self
            .followed
            .as_ref()
            .map(|(clock, ahead)| (clock.load(Ordering::SeqCst) + ahead).div_euclid(1000));
        self.lent.or(followed).or(self.frozen).unwrap_or_else(|| wall_seconds() + self.ahead)
    }

    /// By how many seconds time is ahead of the machine's, whatever is lent out.
    pub(crate) fn ahead(&self) -> i64 {
        self.frozen.map_or(self.ahead, |frozen| frozen - wall_seconds())
    }

    pub(crate) fn is_frozen(&self) -> bool {
        self.frozen.is_some() || self.followed.is_some()
    }

    pub(crate) fn freeze(&mut self, seconds: i64) {
        self.frozen = Some(seconds);
    }

    pub(crate) fn follow(&mut self, clock: Arc<AtomicI64>, ahead_milliseconds: i64) {
        self.followed = Some((clock, ahead_milliseconds));
    }

    pub(crate) fn advance(&mut self, seconds: i64) {
        match &mut self.frozen {
            Some(frozen) => *frozen += seconds,
            None => self.ahead += seconds,
        }
    }

    pub(crate) fn is_lent(&self) -> bool {
        self.lent.is_some()
    }

    pub(crate) fn lend(&mut self, seconds: Option<i64>) {
        self.lent = seconds;
    }
}
