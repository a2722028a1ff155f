//! The local stack, part by part. `main.rs` puts them together for `cargo dev`; the tests use [`postgres`].

pub mod child;
pub mod dev;
pub mod port;
pub mod postgres;
pub mod problem;
pub mod project;
