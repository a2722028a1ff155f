//! One file per command.

pub mod migrate;
