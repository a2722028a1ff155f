//! The system's tests: real handlers, real PostgreSQL, emulated Stripe. One file per route or event.
#![allow(clippy::expect_used, clippy::print_stdout, clippy::unwrap_used)] // A test that cannot go on shall panic.

mod access_matrix;
mod authorizer;
mod authorizer_claims;
mod authorizer_keys;
mod authorizer_logs;
mod checkout;
mod checkout_failures;
mod command_doctor;
mod command_migrate;
mod command_portal_configuration;
mod command_products;
mod command_webhook_endpoint;
mod entitlements;
mod feature_matrix;
mod gateway;
mod hardening;
mod health;
mod identity;
mod isolation;
mod migrations;
mod model;
mod ordering_rule;
mod portal;
mod reconcile;
mod samples;
mod schema_rules;
mod supabase;
mod sync;
mod webhook_events;
mod webhook_failures;
mod webhook_order;
mod webhook_payments;
mod webhook_regressions;
mod webhook_signature;
mod webhook_versions;
