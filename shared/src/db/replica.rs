//! A replica beside the primary. It is asked first, and never waited for.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::db::entitlements::{self, Replayed};
use crate::db::{Db, Error};
use crate::domain::ids::{OrgId, UserId};
use crate::domain::position::Position;

/// How long a replica may take to answer, connecting included: the primary still has time after it.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a replica that failed is left alone, so that not every request waits for it in vain.
const REST: Duration = Duration::from_secs(5);

/// A replica. It rests after a failure.
#[derive(Debug)]
pub struct Replica {
    db: Db,
    rests_until: Mutex<Option<Instant>>,
}

impl Replica {
    /// The replica of this address. Nothing is connected yet.
    pub fn new(db: Db) -> Self {
        Self { db, rests_until: Mutex::new(None) }
    }

    /// What the replica has, see [`entitlements::read_replayed`]. None: it rests.
    ///
    /// # Errors
    /// If it fails, or does not answer within a second.
    pub async fn read(
        &self,
        user: UserId,
        org: OrgId,
        least: Option<Position>,
    ) -> Result<Option<Replayed>, Error> {
        let now = Instant::now();
        if self.rests_until.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|until| now < until) {
            return Ok(None);
        }
        let read = timeout(PATIENCE, entitlements::read_replayed(&self.db, user, org, least)).await;
        let read = read.unwrap_or(Err(Error::Timeout));
        let rests = read.is_err().then(|| Instant::now() + REST);
        *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner) = rests;
        read.map(Some)
    }
}
