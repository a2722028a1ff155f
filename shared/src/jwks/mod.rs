//! The public keys that a project signs its access tokens with: fetched once, and read (RFC 7517; Supabase:
//! JWT signing keys). For how long they are believed is the authorizer's to decide.

mod fetch;
mod key;
mod key_set;

pub use fetch::{Error, Fetcher};
pub use key::Key;
pub use key_set::{KeySet, could_be_kid};
