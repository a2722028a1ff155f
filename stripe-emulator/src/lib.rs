//! A stand-in for Stripe on the loopback interface: the API that the official SDKs call, events that are
//! signed and delivered to webhook endpoints, the hosted pages, and a clock that can be moved on.
//!
//! [`Emulator`] is the handle. Its state lives in memory, behind one lock, and ends with it, unless it is
//! given a file to keep it in.
//!
//! | room | what is in it |
//! |---|---|
//! | `server` | the start, and everything that is answered over HTTP |
//! | `pages` | the hosted checkout, the customer portal, the panel |
//! | `emulator` | the handle: what a person, a test or time does |
//! | `api` | the calls below `/v1` and `/v2`, one file per resource |
//! | `life` | what happens to a subscription, an invoice, a payment, a schedule, a customer, a checkout |
//! | `delivery` | events on their way to webhook endpoints and event destinations |
//! | `store` | what the emulator knows: objects, events, time, faults, answers to give again |
//! | `wire` | forms in, JSON out, API versions |
//!
//! A room uses only rooms below it, and `api` and `delivery` do not know each other: `tests/rooms.rs` holds
//! the plan.

mod api;
mod delivery;
mod emulator;
mod life;
mod pages;
mod server;
mod store;
mod wire;

#[cfg(test)]
mod tests;

pub use self::delivery::mode::{DeliveryMode, Order};
pub use self::delivery::signature::sign;
pub use self::emulator::Emulator;
pub use self::pages::html::BASE_CSS;
pub use self::server::guard::own_host_only;
pub use self::server::start::Options;
pub use self::store::faults::{Fault, RecordedRequest};
pub use self::wire::errors::{Answer, ApiError};
