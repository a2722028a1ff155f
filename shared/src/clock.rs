//! The one place that reads the wall clock.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// Tells the time. Tests hold it still or set it.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    System,
    /// A clock that stands at the given Unix millisecond until it is set.
    Fixed(Arc<AtomicI64>),
    /// The machine's clock, moved on by as many milliseconds as this file says: the local stack's time. No
    /// file, or one that holds no number: it is not moved.
    Moved(Arc<Path>),
}

impl Clock {
    /// The same clock, or the machine's with the file by which the local stack moves time
    /// (`LOCAL_CLOCK`).
    #[must_use]
    pub fn moved_by(self, file: Option<&Path>) -> Self {
        match (self, file) {
            (Self::System, Some(file)) => Self::Moved(Arc::from(file)),
            (clock, _) => clock,
        }
    }

    /// The time now, as billing goes by it.
    pub fn now(&self) -> Timestamp {
        let machine = self.machine();
        match self {
            Self::Moved(file) => machine.checked_add(ahead(file)).unwrap_or(machine),
            _ => machine,
        }
    }

    /// The time now, as tokens, signatures and deadlines go by it: nobody moves their clocks.
    #[allow(clippy::disallowed_methods)] // This is the clock.
    pub fn machine(&self) -> Timestamp {
        match self {
            Self::System | Self::Moved(_) => Timestamp::now(),
            Self::Fixed(clock) => {
                Timestamp::from_millisecond(clock.load(Ordering::SeqCst)).unwrap_or_default()
            }
        }
    }
}

fn ahead(file: &Path) -> SignedDuration {
    let said = std::fs::read_to_string(file).unwrap_or_default();
    SignedDuration::from_millis(said.trim().parse().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_moved_goes_on_from_there_and_leaves_the_machines_alone() {
        let file = std::env::temp_dir().join(format!("promptforge-clock-{}", std::process::id()));
        let clock = Clock::System.moved_by(Some(&file));
        let ahead = || clock.now().duration_since(clock.machine()).as_secs();
        assert_eq!(ahead(), 0, "nothing has moved it");
        std::fs::write(&file, "864000000\n").unwrap();
        assert!((863_999..=864_000).contains(&ahead()), "{}", ahead());
        assert!(clock.machine().duration_since(Clock::System.now()).as_secs() < 10);
        std::fs::remove_file(&file).unwrap();

        let fixed = Clock::Fixed(Arc::new(AtomicI64::new(1_700_000_000_000)));
        assert!(matches!(fixed.moved_by(Some(&file)), Clock::Fixed(_)), "a test's clock is the test's");
        assert!(matches!(Clock::System.moved_by(None), Clock::System));
    }
}
