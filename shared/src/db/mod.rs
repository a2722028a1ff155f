//! The database: one file per table, SQL beside the code that runs it. Knows nothing of Stripe or HTTP.

mod address;
mod connector;
mod error;
mod pool;
mod replica;
mod tls;

pub mod argument;
pub mod customers;
pub mod entitlements;
pub mod failed_events;
pub mod flags;
pub mod health;
pub mod history;
pub mod kept_events;
pub mod notifications;
pub mod organizations;
pub mod plans;
pub mod reconcile_cursors;
pub mod runs;
pub mod subscriptions;
pub mod webhook_events;

pub use address::{Address, InvalidUrl};
pub use error::Error;
pub use pool::{ConnectError, Db, connect, is_local};
pub use replica::Replica;

/// The schema that this code works with: the number of the newest migration.
pub const SCHEMA_VERSION: i64 = 12;
