//! An answer of Stripe's, and what it says of its time.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use lambda_http::http::header;
use lambda_http::http::response::Parts;

use crate::domain::ordering::Answered;
use crate::stripe::Error;

/// An answer to one attempt.
pub(super) struct Reply {
    pub head: Parts,
    pub body: Bytes,
    /// From the request to the end of the body.
    pub took: Duration,
}

impl Reply {
    /// What Stripe's clock said, in whole seconds. Every server that has a clock says it (RFC 9110, "Date").
    pub fn date(&self) -> Result<Timestamp, Error> {
        let date = self.head.headers.get(header::DATE).and_then(|date| date.to_str().ok());
        date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok())
            .map(|date| date.timestamp())
            .ok_or_else(|| Error::Unreachable("the answer has no date".to_owned()))
    }

    /// When Stripe answered. The state that it told may be as old as the call.
    pub fn answered(&self) -> Result<Answered, Error> {
        let seconds = self.took.as_secs() + u64::from(self.took.subsec_nanos() > 0);
        Ok(Answered { at: self.date()?.as_second(), took: seconds.cast_signed() })
    }
}
