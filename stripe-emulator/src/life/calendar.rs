//! Billing periods by the calendar: the 31st renews on the 28th of February and on the 31st of March again.

use jiff::{Span, Timestamp, ToSpan, tz::TimeZone};
use serde_json::Value;

/// How often a price recurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interval {
    unit: Unit,
    count: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Day,
    Week,
    Month,
    Year,
}

impl Interval {
    /// The interval of a recurring price.
    pub(crate) fn of(price: &Value) -> Interval {
        let recurring = &price["recurring"];
        let unit = match recurring["interval"].as_str() {
            Some("day") => Unit::Day,
            Some("week") => Unit::Week,
            Some("year") => Unit::Year,
            _ => Unit::Month,
        };
        Interval { unit, count: recurring["interval_count"].as_i64().unwrap_or(1).max(1) }
    }

    pub(crate) fn is_shorter_than(self, other: Interval) -> bool {
        self.length() < other.length()
    }

    /// In twelfths of a day, so that a year is twelve months.
    fn length(self) -> i64 {
        let unit = match self.unit {
            Unit::Day => 12,
            Unit::Week => 84,
            Unit::Month => 365,
            Unit::Year => 4_380,
        };
        unit * self.count
    }

    fn times(self, periods: i64) -> Span {
        let amount = self.count * periods;
        match self.unit {
            Unit::Day => amount.days(),
            Unit::Week => amount.weeks(),
            Unit::Month => amount.months(),
            Unit::Year => amount.years(),
        }
    }
}

/// The end of the period that starts at `start`: the first whole number of intervals after the anchor that
/// lies later than `start`. Counting from the anchor keeps its day of the month.
pub(crate) fn period_end(anchor: i64, interval: Interval, start: i64) -> i64 {
    (1..).map(|periods| add(anchor, interval.times(periods))).find(|end| *end > start).unwrap_or(i64::MAX)
}

/// The same day and time so many months later.
pub(crate) fn months_after(seconds: i64, months: i64) -> i64 {
    add(seconds, months.months())
}

fn add(seconds: i64, span: Span) -> i64 {
    let moved = Timestamp::from_second(seconds)
        .and_then(|instant| instant.to_zoned(TimeZone::UTC).checked_add(span))
        .map(|zoned| zoned.timestamp().as_second());
    // Beyond the calendar's end nothing recurs any more.
    moved.unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn second(date: &str) -> i64 {
        format!("{date}T12:00:00Z").parse::<Timestamp>().unwrap().as_second()
    }

    fn every(interval: &str) -> Interval {
        Interval::of(&json!({ "recurring": { "interval": interval, "interval_count": 1 } }))
    }

    #[test]
    fn a_month_from_the_31st_keeps_its_day() {
        let anchor = second("2026-01-31");
        let february = period_end(anchor, every("month"), anchor);
        assert_eq!(february, second("2026-02-28"));
        assert_eq!(period_end(anchor, every("month"), february), second("2026-03-31"));
    }

    #[test]
    fn a_leap_day_renews_in_ordinary_years() {
        let anchor = second("2028-02-29");
        assert_eq!(period_end(anchor, every("year"), anchor), second("2029-02-28"));
    }

    #[test]
    fn a_month_is_shorter_than_a_year_and_twelve_are_not() {
        assert!(every("month").is_shorter_than(every("year")));
        assert!(every("day").is_shorter_than(every("week")));
        let twelve = json!({ "recurring": { "interval": "month", "interval_count": 12 } });
        assert!(!Interval::of(&twelve).is_shorter_than(every("year")));
    }

    #[test]
    fn weeks_and_days_are_exact() {
        let anchor = second("2026-05-04");
        assert_eq!(period_end(anchor, every("week"), anchor), second("2026-05-11"));
        assert_eq!(period_end(anchor, every("day"), second("2026-05-06")), second("2026-05-07"));
    }
}
