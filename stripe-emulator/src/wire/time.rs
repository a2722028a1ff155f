//! Times as API v2 says them: date-times in UTC, with milliseconds.

use jiff::Timestamp;

use super::errors::ApiError;
use super::params::Params;

/// A second as a date-time, such as `2026-11-25T10:00:00.000Z`.
pub(crate) fn date_time(seconds: i64) -> String {
    format!("{:.3}", Timestamp::from_second(seconds).unwrap_or_default())
}

/// The second of a date-time that a parameter gives.
pub(crate) fn second(params: &Params, path: &str) -> Result<Option<i64>, ApiError> {
    let Some(text) = params.text(path) else { return Ok(None) };
    let invalid = |_| ApiError::invalid(format!("Invalid timestamp '{text}'")).param(path);
    text.parse::<Timestamp>().map(|time| Some(time.as_second())).map_err(invalid)
}
