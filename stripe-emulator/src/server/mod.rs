//! Everything that is answered over HTTP, and how it begins and ends.

mod calls;
mod control;
mod control_money;
pub(crate) mod guard;
mod outcome;
mod router;
pub(crate) mod start;
