//! The lock that the store is behind.

use std::sync::{Arc, Mutex, PoisonError};

use super::Store;

/// A store that several tasks work on, one after another. Clones are the same store.
#[derive(Debug, Clone)]
pub(crate) struct Locked(Arc<Mutex<Store>>);

impl Locked {
    pub(crate) fn new(store: Store) -> Locked {
        Locked(Arc::new(Mutex::new(store)))
    }

    /// Works on the store while nobody else does.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Store) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
