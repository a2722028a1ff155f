//! What every test stands on: a database of its own from a template, an emulator of its own, the real
//! handlers.
// A test that cannot go on shall panic.
#![allow(clippy::expect_used, clippy::print_stdout, clippy::unwrap_used)]

mod answer;
mod app;
pub mod application;
pub mod auth;
pub mod budget;
mod database;
pub mod door;
pub mod event;
pub mod faults;
mod file;
mod flags;
pub mod granting;
mod lambda;
mod log;
pub mod model;
pub mod moto;
pub mod openapi;
pub mod operator;
mod paying;
pub mod pooler;
pub mod program;
pub mod receiver;
pub mod replica;
pub mod rotation;
pub mod runtime_api;
pub mod said;
mod scenarios;
mod selling;
mod supabase;
pub mod tls;
pub mod trap;
pub mod truth;
pub mod vault;
pub mod wire;

use std::path::PathBuf;

pub use answer::Answer;
pub use app::{TestApp, users};
pub use database::{TestDatabase, bare_server, closed_server};
pub use event::event;
pub use file::TestFile;
pub use lambda::serve_functions;
pub use log::Log;
pub use supabase::supabase_server;
pub use vault::Vault;

/// The root of the checkout whose tests these are.
pub fn root() -> PathBuf {
    local::project::root().expect("a checkout")
}
