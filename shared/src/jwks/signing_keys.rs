//! The keys of one project: those that are configured, or those that it publishes.

use std::sync::OnceLock;

use super::key::Key;
use super::key_set::KeySet;
use super::published::Published;

/// Why there is no key of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoKey {
    /// None of the project's keys is called that.
    #[error("no key has this name")]
    Unknown,
    /// The keys cannot be had.
    #[error("the keys cannot be fetched")]
    Unavailable,
}

/// Where a project's keys come from. Nothing is fetched or read before the first token that names a key.
#[derive(Debug)]
pub enum SigningKeys {
    /// `SUPABASE_JWKS`: these and no others, and nothing is ever fetched.
    Configured(Configured),
    /// Those that the project publishes, kept for a while.
    Published(Box<Published>),
}

/// A key set that is part of the configuration.
#[derive(Debug)]
pub struct Configured {
    text: String,
    keys: OnceLock<KeySet>,
}

impl SigningKeys {
    /// The keys of the project at this address, or the ones that are configured for it (JSON).
    pub fn new(supabase_url: &str, configured: Option<&str>) -> Self {
        match configured {
            Some(text) => Self::Configured(Configured { text: text.to_owned(), keys: OnceLock::new() }),
            None => Self::Published(Box::new(Published::new(supabase_url))),
        }
    }

    /// The key of this name, at a Unix second. The name is compared with those of the keys, and used for
    /// nothing else.
    ///
    /// # Errors
    /// See [`NoKey`].
    pub async fn find(&self, kid: &str, now: i64) -> Result<Key, NoKey> {
        match self {
            Self::Configured(configured) => configured.keys().get(kid).cloned().ok_or(NoKey::Unknown),
            Self::Published(published) => published.find(kid, now).await,
        }
    }
}

impl Configured {
    fn keys(&self) -> &KeySet {
        // Err: the configuration takes nothing that is no key set. Without keys every token is refused.
        self.keys.get_or_init(|| KeySet::parse(self.text.as_bytes()).unwrap_or_default())
    }
}
