//! The keys that access tokens are signed with, and the check of a signature (RFC 7517; Supabase: JWT signing
//! keys). What a token must say besides is in [`http::identity`](crate::http::identity).

mod fetch;
mod key;
mod key_set;
mod published;
mod ring_provider;
mod signed;
mod signing_keys;

pub use fetch::{Error, Fetcher};
pub use key::{BadSignature, Key};
pub use key_set::{KeySet, could_be_kid};
pub use signing_keys::{NoKey, SigningKeys};
