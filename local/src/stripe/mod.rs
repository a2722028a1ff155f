//! A stand-in for Stripe on the loopback interface: the API that our code and the official SDKs call, events
//! that are signed and delivered to webhook endpoints, the hosted pages, and a clock that can be moved on.
//!
//! [`Emulator`] is the handle. Its state lives in memory, behind one lock, and ends with it, unless it is given
//! a file to keep it in.

mod acts;
mod billing;
mod calendar;
mod checkout_page;
mod checkout_pay;
mod checkout_session_shape;
mod checkout_sessions;
mod clock;
mod control;
mod customers;
mod delivery;
mod due;
mod emulator;
mod errors;
mod events;
mod expand;
mod faults;
mod form;
mod format;
mod html;
mod idempotency;
mod invoice_shape;
mod invoices;
mod list;
mod panel;
mod params;
mod portal_card;
mod portal_configurations;
mod portal_features;
mod portal_offer;
mod portal_page;
mod portal_sessions;
mod portal_view;
mod prices;
mod products;
mod routes;
mod schedule_shape;
mod server;
mod signature;
mod state_file;
mod store;
mod subscription_changes;
mod subscription_items;
mod subscription_schedules;
mod subscription_shape;
mod subscriptions;
mod test_clocks;
mod versions;
mod webhook_endpoints;

#[cfg(test)]
mod portal_tests;
#[cfg(test)]
mod restart_tests;
#[cfg(test)]
mod schedule_tests;
#[cfg(test)]
mod tests;

pub use self::delivery::{DeliveryMode, Order};
pub use self::emulator::{Emulator, Options};
pub use self::errors::{Answer, ApiError};
pub use self::faults::{Fault, RecordedRequest};
pub use self::signature::sign;
