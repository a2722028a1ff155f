//! The system's tests: real handlers, real PostgreSQL, emulated Stripe. One file per route or event.

mod checkout;
mod checkout_failures;
mod entitlements;
mod feature_matrix;
mod health;
mod isolation;
mod migrations;
mod portal;
mod webhook_events;
mod webhook_failures;
mod webhook_order;
mod webhook_payments;
mod webhook_signature;
