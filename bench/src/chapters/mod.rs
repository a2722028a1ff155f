//! What is measured, a chapter each.

mod catalogue;
mod cold_start;
mod decode;
mod functions;
mod reconcile;
mod sizes;
mod space;
mod throughput;

pub use catalogue::catalogue;
pub use cold_start::cold_start;
pub use decode::{decode, write_event};
pub use functions::functions;
pub use reconcile::reconcile;
pub use sizes::sizes;
pub use space::space;
pub use throughput::{Database, empty, environment, peer, throughput};

/// The chapters' names.
pub const COLD_START: &str = "From the start of a program to its first request for work";
/// See [`COLD_START`].
pub const FUNCTIONS: &str = "Each function with its secret and TLS to the database";
/// See [`COLD_START`].
pub const DECODE: &str = "An event before the database";
/// See [`COLD_START`].
pub const SMALL: &str = "A young application";
/// See [`COLD_START`].
pub const LARGE: &str = "The same after years";

/// The program that does nothing.
pub const HELLO: &str = "bench-hello";

/// The names of what is measured in several chapters, or compared.
pub const EVENT: &str = "webhook";
/// See [`EVENT`].
pub const READ: &str = "entitlements";
/// See [`EVENT`].
pub const EMPTY: &str = "an empty function";
/// See [`EVENT`].
pub const PEER: &str = "the same events by stripe-sync-engine";
/// See [`EVENT`].
pub const OUR_EVENT: &str = "our event call, by pgbench";
/// See [`EVENT`].
pub const FLOOR_EVENT: &str = "the floor's event call, by pgbench";
/// See [`EVENT`].
pub const OUR_READ: &str = "our read call, by pgbench";
/// See [`EVENT`].
pub const FLOOR_READ: &str = "the floor's read call, by pgbench";
/// See [`EVENT`].
pub const ONE_ORGANIZATION: &str = "entitlements for a member of 1 organization";
/// See [`EVENT`].
pub const MANY_ORGANIZATIONS: &str = "entitlements for a member of 10,000 organizations";
/// See [`EVENT`].
pub const ONE_SUBSCRIPTION: &str = "entitlements of an organization with 1 subscription";
/// See [`EVENT`].
pub const MANY_SUBSCRIPTIONS: &str = "entitlements of an organization with 50 subscriptions";
