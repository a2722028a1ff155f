//! What every test stands on: a database of its own from a template, an emulator of its own, the real handlers.

mod answer;
mod app;
mod database;

pub use answer::Answer;
pub use app::{TestApp, users};
pub use database::TestDatabase;
