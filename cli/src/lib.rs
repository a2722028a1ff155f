//! What the `billing` command does, one file per command.

pub mod commands;
