//! The keys that a project publishes, kept for a while.
//!
//! A key that is new is found when the first token names it, one that was revoked is gone within ten minutes,
//! and neither strangers who make names up nor an outage of Supabase Auth turn into a fetch per request.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use tokio::sync::Mutex;

use super::fetch::Fetcher;
use super::key::Key;
use super::key_set::KeySet;
use super::signing_keys::NoKey;

/// For how many seconds keys are used without asking again: so long a revoked key may still be believed.
const FRESH: i64 = 10 * 60;
/// For how many seconds they are used when asking fails.
const LAST_RESORT: i64 = 60 * 60;
/// How many seconds lie between two fetches.
const PAUSE: i64 = 60;
/// The same where no keys are there to go on with: nobody can be served until a fetch succeeds.
const PAUSE_WITHOUT_KEYS: i64 = 5;

/// The published keys of one project.
#[derive(Debug)]
pub struct Published {
    supabase_url: String,
    /// Made for the first fetch: it holds a TLS client.
    fetcher: OnceLock<Fetcher>,
    held: RwLock<Option<Arc<Held>>>,
    /// When a fetch was last begun, Unix seconds. Whoever holds it fetches; the others wait for that fetch
    /// and use its keys.
    last_fetch: Mutex<Option<i64>>,
}

#[derive(Debug)]
struct Held {
    keys: KeySet,
    fetched_at: i64,
}

impl Held {
    fn is_younger_than(&self, seconds: i64, now: i64) -> bool {
        (0..seconds).contains(&now.saturating_sub(self.fetched_at))
    }
}

impl Published {
    /// The keys of the project at this address.
    pub(super) fn new(supabase_url: &str) -> Self {
        Self {
            supabase_url: supabase_url.to_owned(),
            fetcher: OnceLock::new(),
            held: RwLock::default(),
            last_fetch: Mutex::default(),
        }
    }

    /// The key of this name. A name is compared with those of the fetched keys, and used for nothing else.
    pub(super) async fn find(&self, kid: &str, now: i64) -> Result<Key, NoKey> {
        let known = self.held().filter(|held| held.is_younger_than(FRESH, now));
        if let Some(key) = known.as_ref().and_then(|held| held.keys.get(kid)) {
            return Ok(key.clone());
        }
        // Boxed: every request would carry the room for a fetch.
        Box::pin(self.refresh(now)).await;
        let held = self.held().filter(|held| held.is_younger_than(LAST_RESORT, now));
        held.ok_or(NoKey::Unavailable)?.keys.get(kid).cloned().ok_or(NoKey::Unknown)
    }

    /// Fetches the keys, unless that was done a moment ago.
    async fn refresh(&self, now: i64) {
        let mut last_fetch = self.last_fetch.lock().await;
        let usable = self.held().is_some_and(|held| held.is_younger_than(LAST_RESORT, now));
        let pause = if usable { PAUSE } else { PAUSE_WITHOUT_KEYS };
        if last_fetch.is_some_and(|last| (0..pause).contains(&now.saturating_sub(last))) {
            return;
        }
        *last_fetch = Some(now);
        let fetcher = self.fetcher.get_or_init(|| Fetcher::of_project(&self.supabase_url));
        match fetcher.fetch().await {
            Ok(keys) => {
                tracing::info!(target: "billing", keys = keys.len(), "fetched the keys of access tokens");
                let held = Some(Arc::new(Held { keys, fetched_at: now }));
                *self.held.write().unwrap_or_else(PoisonError::into_inner) = held;
            }
            Err(error) => {
                tracing::error!(
                    target: "billing", %error, usable,
                    "the keys of access tokens cannot be fetched"
                )
            }
        }
    }

    fn held(&self) -> Option<Arc<Held>> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
