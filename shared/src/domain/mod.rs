//! What plans, features and subscriptions are, and the rules about them. No I/O, no clock, nothing of HTTP or
//! SQL.

pub mod discount;
pub mod entitlement;
pub mod ids;
pub mod ordering;
pub mod origin;
pub mod payment;
pub mod plan;
pub mod position;
pub mod schedule;
pub mod status;
pub mod subscription;
