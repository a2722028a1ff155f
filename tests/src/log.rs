//! What a test's own thread writes to the log.

use std::io::Write;
use std::sync::{Arc, Mutex, Once, PoisonError};

use serde_json::Value;
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::{DefaultGuard, set_default, set_global_default};
use tracing_subscriber::filter::DynFilterFn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Registry, fmt};

/// Has each line ask whether anybody listens. Else a line that one test reaches first, while another begins
/// to listen, may be taken for one that nobody listens to, until somebody else begins.
pub(crate) fn ask_each_time() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let nobody = DynFilterFn::new(|_, _| false).with_max_level_hint(LevelFilter::INFO);
        // A program that has a log of its own keeps it.
        let _ = set_global_default(Registry::default().with(nobody));
    });
}

/// The log, line by line.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Listens until the guard is dropped. A test runs on one thread, so this is its log and no other's.
    pub fn listen(level: Level) -> (Self, DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = fmt().json().flatten_event(true).with_max_level(level);
        let guard = set_default(subscriber.with_writer(move || writer.clone()).finish());
        (log, guard)
    }

    /// Everything that was logged so far.
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()).expect("text")
    }

    /// The lines with this message.
    pub fn lines(&self, message: &str) -> Vec<Value> {
        let text = self.text();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line is JSON"));
        lines.filter(|line| line["message"] == message).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
