//! Stripe: the API over our own kept-alive transport, webhook signatures, and lenient structs for what we
//! read back. Knows nothing of the database.
//!
//! Requests are built by `async-stripe`'s typed builders; its own client is not used, because it connects
//! anew for every call and fails on objects of older API versions.

mod client;
mod error;
mod idempotency;
mod patience;
mod reading;
mod reply;
mod retry;
mod v2;

pub mod event;
pub mod event_list;
pub mod signature;
pub mod wire;

pub use client::Stripe;
pub use error::Error;
pub use idempotency::IdempotencyKey;
/// The API version that every call asks for and the code is tested with.
pub use stripe_client_core::VERSION;
