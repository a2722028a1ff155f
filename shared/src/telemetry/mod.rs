//! Logs, one JSON object a line, levels by target from `RUST_LOG` (`billing=debug,stripe=debug`); and
//! metrics.

pub mod metrics;
pub mod request;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, fmt};

/// Starts the logs. A level that cannot be read leaves `info`; a second call does nothing.
pub fn start(levels: Option<&str>) {
    let targets = levels
        .and_then(|l| l.parse::<Targets>().ok())
        .unwrap_or_else(|| Targets::new().with_default(tracing::Level::INFO));
    // Err: something else set a subscriber first, a test for one.
    let _ = Registry::default()
        .with(targets)
        .with(fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(false))
        .try_init();
}
