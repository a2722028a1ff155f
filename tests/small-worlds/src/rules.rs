//! The rules that keep the order, and how each can be broken.

use shared::domain::ordering::{Answered, ReadTimes};

use crate::oracle::{Decision, RowTimes, decide};
use crate::state::Row;

/// A rule that is left out, to see what comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// What an event carries is always written.
    Ordering,
    /// What a read for an event showed is always written.
    Version,
    /// The same in the comparison of all subscriptions.
    SweepVersion,
    /// Nothing serializes the work on an organization.
    Lock,
    /// An event is claimed in a commit of its own.
    Claim,
    /// After a payload is written, no other change of that second is expected.
    Span,
    /// A payload of the last second that the row may include is written.
    Boundary,
    /// A read is taken for as narrow as our clock says.
    Margin,
}

/// What an event of that second is worth, by the rule that the database is held to.
pub fn worth(broken: Option<Broken>, row: Option<(Row, bool)>, created: i8, carries: bool) -> Decision {
    let times = row.map(|(row, ended)| RowTimes {
        known_through: row.known_through.into(),
        may_include: i64::from(row.may_include) - i64::from(broken == Some(Broken::Boundary)),
        ended,
    });
    match broken {
        Some(Broken::Ordering) if !times.is_some_and(|row| row.ended) => {
            if carries {
                Decision::Write
            } else {
                Decision::Read
            }
        }
        _ => decide(times, created.into(), carries),
    }
}

/// The two times of a row that takes an event's payload.
pub fn payload_times(broken: Option<Broken>, created: i8) -> (i8, i8) {
    (if broken == Some(Broken::Span) { created } else { created - 1 }, created)
}

/// The two times that a read of Stripe gives a row, if it begins or ends at this half second, as the
/// functions compute them. They know when it ended, and how long it took: what they take for its begin is
/// never later than this. `skew`: how far the clock of the machine that answers is ahead, in half seconds.
pub fn read_times(broken: Option<Broken>, at: u8, skew: i8) -> (i8, i8) {
    // Seconds: no time is negative.
    const LATER: i64 = 1_000_000;
    let half_seconds = i64::from(at) + i64::from(skew);
    let date = LATER + half_seconds.div_euclid(2);
    let times = ReadTimes::of(0, Answered { at: date, took: 0 });
    let (from, to) =
        if broken == Some(Broken::Margin) { (date, date) } else { (times.known_through, times.may_include) };
    let narrow = |at: i64| i8::try_from(at - LATER).unwrap_or(i8::MAX);
    (narrow(from), narrow(to))
}

/// The row after a write: the two times never go back.
pub fn written(before: Option<Row>, state: u8, (known_through, may_include): (i8, i8)) -> Row {
    Row {
        state,
        known_through: before.map_or(known_through, |before| before.known_through.max(known_through)),
        may_include: before.map_or(may_include, |before| before.may_include.max(may_include)),
    }
}
