//! What goes over the wire between a function and the database: a proxy that reads along and counts.
//!
//! It knows PostgreSQL's protocol (PostgreSQL, "Frontend/Backend Protocol") and nothing of ours. So what it
//! counts stays comparable, however the code that sends the statements changes.

mod conversation;
mod message;
mod proxy;

pub use conversation::{Sent, Traffic};
pub use message::Parameter;
pub use proxy::Wire;
