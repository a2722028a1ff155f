//! What the `billing` command does: one file per command, and the frame they share.
//!
//! A new command is a file in [`commands`] with its `Args`, its report, its error and `run`, and one line in
//! each of the two lists there.

pub mod commands;
pub mod context;
pub mod organization;
pub mod outcome;
pub mod secrets;
pub mod when;

mod catalog;
mod destinations;
mod extra;
mod money;
mod progress;
mod query;
mod table;
pub mod usage;
mod words;
