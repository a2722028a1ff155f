//! What can be said about the time of a state that Stripe answered.
//!
//! Stripe's clock counts whole seconds, so of two events in one second none is known to be the newer. What an
//! event is worth against what a row knows, `billing_private.ordering` decides in the database, where the row
//! and its lock are.

use serde::Serialize;

/// What a read leaves open on either side of itself, in seconds: one for Stripe's whole seconds, the other
/// for the machines of Stripe, whose clocks may differ by less than that.
pub const CLOCK_MARGIN: i64 = 2;

/// When Stripe answered, on its own clock: ours may be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    /// What the answer says (its `Date`). Unix seconds.
    pub at: i64,
    /// How long the call took. Seconds, rounded up.
    pub took: i64,
}

impl Answered {
    /// When the call began, on Stripe's clock. Unix seconds.
    pub fn began(self) -> i64 {
        self.at - self.took
    }
}

/// When a state that Stripe answered was so, and which version of the row it may replace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ReadTimes {
    /// The row's version before Stripe was asked: the state may be written only if it is still the same.
    pub version: i64,
    /// Dates what the read found out, a failed payment for one. Unix seconds.
    pub observed_at: i64,
    /// Every change up to then is in the state. Unix seconds on Stripe's clock.
    pub known_through: i64,
    /// No change after then is in the state. Unix seconds on Stripe's clock.
    pub may_include: i64,
}

impl ReadTimes {
    /// A read that was answered so.
    pub fn of(version: i64, Answered { at, took }: Answered) -> Self {
        Self {
            version,
            observed_at: at - took,
            known_through: at - took - CLOCK_MARGIN,
            may_include: at + CLOCK_MARGIN,
        }
    }

    /// Stripe knows no such subscription: the payload of an event, made at this second, is the newest that
    /// can be known.
    pub fn payload_stands(version: i64, created: i64) -> Self {
        Self { version, observed_at: created, known_through: created - 1, may_include: created }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_holds_for_a_span_wider_than_itself_by_the_margin() {
        let read = ReadTimes::of(3, Answered { at: 12, took: 2 });
        assert_eq!((read.known_through, read.observed_at, read.may_include), (8, 10, 14));
        let instant = ReadTimes::of(3, Answered { at: 10, took: 0 });
        assert_eq!((instant.known_through, instant.may_include), (8, 12));
    }
}
