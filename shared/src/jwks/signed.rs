//! The tokens that a key was found to have signed. A page sends the same token with every call for an hour,
//! and checking its signature is most of the work of checking it (ES256: 40 of 50 microseconds).
//!
//! What is kept is the SHA-256 of the whole token, so another token is never taken for it. What the token
//! says, its end above all, is checked at every call. The record belongs to one key and goes when the key
//! goes: a revoked key has signed nothing.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use lru::LruCache;
use ring::digest::{SHA256, digest};

/// How many are kept, of some 100 bytes each. An instance that more people use checks more often.
const KEPT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1023);

/// The record of one key.
#[derive(Debug)]
pub struct Signed(Mutex<LruCache<[u8; 32], ()>>);

impl Default for Signed {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(KEPT)))
    }
}

impl Signed {
    /// Whether the key was found to have signed these very bytes.
    pub fn has(&self, token: &str) -> bool {
        let tokens = &mut self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.get(&sha256(token)).is_some()
    }

    /// Notes that it did.
    pub fn remember(&self, token: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(sha256(token), ());
    }
}

fn sha256(token: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    bytes
}
