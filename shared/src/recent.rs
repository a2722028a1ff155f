//! What an instance has read a moment ago and answers again from memory: many parts of a page ask the same
//! question at once. Kept for each organization and user, so that what is found here was a checked
//! membership, and for so short a time that what is paid for shows within the promised five seconds, however
//! many instances there are.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use lru::LruCache;

use crate::domain::entitlement::EntitlementSet;
use crate::domain::ids::{OrgId, UserId};
use crate::domain::position::Position;

/// Entries at most, each below a kilobyte: the one that nobody asked for the longest makes room.
const ROOM: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1999);

/// What was read, and when that began.
#[derive(Clone, Debug)]
pub struct EntitlementsRead {
    /// What the organization had when it was read.
    pub entitlements: EntitlementSet,
    /// Up to where the database's log is in it. None: not known.
    pub position: Option<Position>,
    /// Every change before then is in it.
    pub at: Timestamp,
}

/// The memory.
pub struct Recent {
    keep: SignedDuration,
    reads: Mutex<LruCache<(UserId, OrgId), EntitlementsRead>>,
}

impl Recent {
    /// Keeps what was read for so many seconds. 0: nothing is kept.
    pub fn keeping(seconds: i64) -> Self {
        Self { keep: SignedDuration::from_secs(seconds), reads: Mutex::new(LruCache::new(ROOM)) }
    }

    /// What this user has read of this organization, if it is young enough.
    pub fn get(&self, user: UserId, org: OrgId, now: Timestamp) -> Option<EntitlementsRead> {
        let mut reads = self.reads.lock().unwrap_or_else(PoisonError::into_inner);
        let read = reads.get(&(user, org))?;
        let age = now.duration_since(read.at);
        (SignedDuration::ZERO..self.keep).contains(&age).then(|| read.clone())
    }

    /// Keeps a read.
    pub fn put(&self, user: UserId, org: OrgId, read: EntitlementsRead) {
        if self.keep.is_zero() {
            return;
        }
        let mut reads = self.reads.lock().unwrap_or_else(PoisonError::into_inner);
        // Of two reads at once the older one may end last.
        if reads.peek(&(user, org)).is_none_or(|known| known.at <= read.at) {
            reads.put((user, org), read);
        }
    }
}

impl fmt::Debug for Recent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recent").field("keep", &self.keep).finish_non_exhaustive()
    }
}
