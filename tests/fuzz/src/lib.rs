//! What strangers can send us, thrown at whatever reads it. A target takes any bytes and panics if something
//! is wrong: a panic of ours, or an answer that an independent look at the same bytes contradicts.
//!
//! `cargo test` plays the corpus and inputs that are made of it at random. `tests/fuzz/run` plays millions,
//! guided by what the code covers.
// A target that finds something shall panic.
#![allow(clippy::expect_used, clippy::unwrap_used)]

mod corpus;
mod mutate;
pub mod sdk;
mod targets;

pub use corpus::corpus;
pub use mutate::Mutator;

/// Something that reads what others send.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// What it reads. Its corpus is the folder of this name.
    pub name: &'static str,
    /// Reads bytes, and panics if something is wrong.
    pub run: fn(&[u8]),
}

/// All of them.
pub const TARGETS: [Target; 9] = [
    Target { name: "body", run: targets::body::run },
    Target { name: "catalogue", run: targets::catalogue::run },
    Target { name: "database", run: targets::database::run },
    Target { name: "envelope", run: targets::envelope::run },
    Target { name: "event", run: targets::event::run },
    Target { name: "form", run: targets::form::run },
    Target { name: "moved", run: targets::moved::run },
    Target { name: "signature", run: targets::signature::run },
    Target { name: "token", run: targets::token::run },
];

/// The target of this name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.into_iter().find(|target| target.name == name)
}
