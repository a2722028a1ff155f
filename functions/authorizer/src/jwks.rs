//! The keys that the project signs its access tokens with, kept for a while (RFC 7517; Supabase: JWT signing
//! keys).
//!
//! A key that is new is found when the first token names it, one that was revoked is gone within ten minutes,
//! and neither strangers who make names up nor an outage of Supabase Auth turn into a fetch per request.

use std::sync::{Arc, PoisonError, RwLock};

use shared::jwks::{Fetcher, Key, KeySet};
use tokio::sync::Mutex;

use crate::refusal::Refusal;

/// For how many seconds keys are used without asking again: so long a revoked key may still be believed.
const FRESH: i64 = 10 * 60;
/// For how many seconds they are used when asking fails.
const LAST_RESORT: i64 = 60 * 60;
/// How many seconds lie between two fetches.
const PAUSE: i64 = 60;
/// The same where no keys are there to go on with: nobody can be served until a fetch succeeds.
const PAUSE_WITHOUT_KEYS: i64 = 5;

/// The keys of one project.
#[derive(Debug)]
pub struct Jwks {
    supabase_url: String,
    fetcher: Fetcher,
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

impl Jwks {
    /// The keys of the project at this address.
    pub fn new(supabase_url: &str) -> Self {
        Self {
            supabase_url: supabase_url.to_owned(),
            fetcher: Fetcher::of_project(supabase_url),
            held: RwLock::default(),
            last_fetch: Mutex::default(),
        }
    }

    /// Whether they are those of the project at this address.
    pub fn is_of(&self, supabase_url: &str) -> bool {
        self.supabase_url == supabase_url
    }

    /// The key of this name. A name is compared with those of the fetched keys, and used for nothing else.
    pub async fn find(&self, kid: &str, now: i64) -> Result<Key, Refusal> {
        let known = self.held().filter(|held| held.is_younger_than(FRESH, now));
        if let Some(key) = known.as_ref().and_then(|held| held.keys.get(kid)) {
            return Ok(key.clone());
        }
        self.refresh(now).await;
        let held = self.held().filter(|held| held.is_younger_than(LAST_RESORT, now));
        held.ok_or(Refusal::KeysUnavailable)?.keys.get(kid).cloned().ok_or(Refusal::UnknownKey)
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
        match self.fetcher.fetch().await {
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
