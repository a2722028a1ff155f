//! Times as an operator types and reads them.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// The beginning of a span that ends now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// A span that ends now.
    Ago(SignedDuration),
    /// A moment.
    At(Timestamp),
}

impl Since {
    /// The moment at which a span begins that ends at `now`.
    pub fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Ago(duration) => now.checked_sub(duration).unwrap_or(Timestamp::MIN),
            Self::At(at) => at,
        }
    }
}

/// Reads `90m`, `24h`, `7d`, a date or a time.
pub fn since(text: &str) -> Result<Since, String> {
    let ago = || {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let minutes = match unit {
            "m" => 1,
            "h" => 60,
            "d" => 24 * 60,
            _ => return None,
        };
        let minutes = number.parse::<u32>().ok().filter(|number| *number > 0)?.checked_mul(minutes)?;
        Some(Since::Ago(SignedDuration::from_mins(minutes.into())))
    };
    ago().or_else(|| moment(text).ok().map(Since::At)).ok_or_else(|| {
        "expected 90m, 24h, 7d, a date (2026-11-01) or a time (2026-11-01T09:30:00Z)".to_owned()
    })
}

/// Reads a date, which means its beginning in UTC, or a time with its zone.
pub fn moment(text: &str) -> Result<Timestamp, String> {
    // A time without a zone could be read as a date, too, and its hours would be lost.
    let is_date = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let date = || text.parse::<Date>().ok().filter(|_| is_date)?.to_zoned(TimeZone::UTC).ok();
    text.parse::<Timestamp>()
        .ok()
        .or_else(|| date().map(|zoned| zoned.timestamp()))
        .ok_or_else(|| "expected a date (2027-01-31) or a time (2027-01-31T12:00:00Z)".to_owned())
}

/// `2026-11-23 08:15:00 UTC`.
pub fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// `2026-11-23`.
pub fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_dates_and_times_are_read_and_nothing_else() {
        let now: Timestamp = "2026-11-23T08:15:00Z".parse().unwrap();
        for (text, expected) in [
            ("90m", "2026-11-23 06:45:00 UTC"),
            ("24h", "2026-11-22 08:15:00 UTC"),
            ("7d", "2026-11-16 08:15:00 UTC"),
            ("2026-11-01", "2026-11-01 00:00:00 UTC"),
            ("2026-11-01T09:30:00+01:00", "2026-11-01 08:30:00 UTC"),
        ] {
            assert_eq!(time(since(text).unwrap().before(now)), expected);
        }
        for text in ["", "h", "0h", "-1h", "24", "24x", "yesterday", "2026-13-01", "99999999999d", "\u{e4}"] {
            assert!(since(text).is_err(), "{text}");
        }
        assert!(moment("24h").is_err());
        for text in [
            "2027-01-31T23:59:59",
            "2027-01-31 23:59",
            "2027-01-31T10:00",
            "2027-01-31T10:00[America/New_York]",
        ] {
            assert!(moment(text).is_err() && since(text).is_err(), "{text}");
        }
        assert_eq!(time(moment("2027-01-31").unwrap()), "2027-01-31 00:00:00 UTC");
    }
}
