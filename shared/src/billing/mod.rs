//! Operations that two callers share, or that take more than one step. Here the database and Stripe meet; nowhere else.

pub mod apply_event;
pub mod limits;
pub mod read_subscriptions;
pub mod reconcile;
pub mod route;
