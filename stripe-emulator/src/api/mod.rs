//! The calls below `/v1` and `/v2`, one file per resource; `routes` says which call is whose.

pub(crate) mod charges;
pub(crate) mod checkout_sessions;
pub(crate) mod customers;
pub(crate) mod disputes;
pub(crate) mod event_destinations;
pub(crate) mod events;
pub(crate) mod expand;
pub(crate) mod invoice_payments;
pub(crate) mod invoices;
pub(crate) mod payment_intents;
pub(crate) mod payment_links;
pub(crate) mod portal_configurations;
pub(crate) mod portal_features;
pub(crate) mod portal_sessions;
pub(crate) mod prices;
pub(crate) mod products;
pub(crate) mod refunds;
pub(crate) mod routes;
mod subscription_bill;
pub(crate) mod subscription_changes;
pub(crate) mod subscription_schedules;
pub(crate) mod subscriptions;
pub(crate) mod test_clocks;
pub(crate) mod v2_events;
pub(crate) mod webhook_endpoints;
