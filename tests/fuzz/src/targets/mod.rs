//! One file for each target.

pub mod body;
pub mod catalogue;
pub mod database;
pub mod envelope;
pub mod event;
pub mod form;
pub mod moved;
mod older;
pub mod signature;
pub mod token;

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use shared::app::App;
use shared::clock::Clock;
use shared::config::Config;
use tokio::runtime::{Builder, Runtime};

/// When everything happens, Unix seconds.
pub const NOW: i64 = 1_800_000_000;

/// An app with these variables, whose clock stands.
fn app(variables: &[(&str, &str)]) -> App {
    let lookup =
        |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let config = Config::from_lookup(lookup);
    assert_eq!(config.problems, Vec::<String>::new());
    App::new(config, Clock::Fixed(Arc::new(AtomicI64::new(NOW * 1000))))
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}
