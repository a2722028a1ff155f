//! Everything that is answered over HTTP, and how it begins and ends.

mod calls;
mod control;
mod control_money;
mod outcome;
mod router;
pub(crate) mod start;
