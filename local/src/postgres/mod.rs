//! A PostgreSQL server of our own: found or fetched, run as a user that it accepts, ended with us.

mod binaries;
mod cluster;
mod owner;

pub use binaries::Binaries;
pub use cluster::{Access, Cluster, Durability, Lifetime};
pub use owner::{Owner, reachable_home};
