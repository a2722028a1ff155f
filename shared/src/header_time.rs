//! Times in the head of an HTTP answer.

use std::time::Duration;

use jiff::Timestamp;
use lambda_http::http::{HeaderMap, HeaderName, header};

/// What the clock of who answered said, in whole seconds. Every server that has a clock says it (RFC 9110,
/// "Date").
pub fn date(headers: &HeaderMap) -> Option<Timestamp> {
    parse(text(headers, header::DATE)?)
}

/// For how long who answered does not want to be asked: seconds, or until a date (RFC 9110, "Retry-After"),
/// which counts from the answer's own date, so that no two clocks are compared.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let asked = text(headers, header::RETRY_AFTER)?;
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let left = parse(asked)?.duration_since(date(headers)?);
    Some(Duration::try_from(left).unwrap_or_default())
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn parse(date: &str) -> Option<Timestamp> {
    Some(jiff::fmt::rfc2822::parse(date).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(retry_after: &'static str, date: Option<&'static str>) -> Option<u64> {
        let mut headers = HeaderMap::from_iter([(header::RETRY_AFTER, retry_after.parse().unwrap())]);
        headers.extend(date.map(|date| (header::DATE, date.parse().unwrap())));
        super::retry_after(&headers).map(|asked| asked.as_secs())
    }

    #[test]
    fn a_pause_is_read_as_seconds_and_as_a_date() {
        let noon = Some("Sun, 06 Nov 1994 12:00:00 GMT");
        for (text, date, seconds) in [
            ("7", None, Some(7)),
            (" 7 ", noon, Some(7)),
            ("0", noon, Some(0)),
            ("Sun, 06 Nov 1994 12:02:00 GMT", noon, Some(120)),
            ("Mon, 07 Nov 1994 12:00:00 GMT", noon, Some(86_400)),
            ("Sun, 06 Nov 1994 11:59:00 GMT", noon, Some(0)), // it is over
            ("Sun, 06 Nov 1994 12:02:00 GMT", None, None),
            ("Sun, 06 Nov 1994 12:02:00 GMT", Some("noon"), None),
            ("-1", noon, None),
            ("soon", noon, None),
            ("", noon, None),
        ] {
            assert_eq!(asked(text, date), seconds, "{text:?} {date:?}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
