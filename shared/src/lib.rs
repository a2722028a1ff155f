//! What two functions or more use. Imports point down: functions → [`serve`], [`app`], [`http`] → [`billing`]
//! → [`domain`], [`db`], [`stripe`].
//!
//! | module | what lives there |
//! |---|---|
//! | [`serve`] | what stands around a request |
//! | [`app`] | what a function holds while it runs |
//! | [`billing`] | operations that two callers share: apply an event, read subscriptions, reconcile |
//! | [`config`] | variables, read and checked |
//! | [`exchange`] | one HTTP exchange, for what is asked seldom |
//! | [`header_time`] | times in the head of an HTTP answer |
//! | [`jwks`] | the keys of access tokens, fetched and kept, and the check of a signature |
//! | [`live`] | the app whose configuration may change while it runs |
//! | [`recent`] | what an instance answers again from memory, for two seconds at most |
//! | [`secrets`] | the secret in AWS Secrets Manager |
//! | [`error`] | every way an operation can fail |
//! | [`http`] | identity, request bodies, answers, errors |
//! | [`domain`] | plans, features, subscriptions, the ordering of reads: no I/O, no clock |
//! | [`db`] | SQL, by table |
//! | [`stripe`] | the Stripe API: transport, signatures, what we read of its objects |

pub mod app;
pub mod billing;
pub mod clock;
pub mod config;
pub mod db;
mod deadline;
pub mod domain;
pub mod error;
pub mod exchange;
pub mod header_time;
pub mod http;
pub mod jwks;
pub mod live;
pub mod recent;
pub mod secrets;
pub mod serve;
pub mod stripe;
pub mod telemetry;
