//! An answer of Stripe's, and what it says of its time.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use lambda_http::http::response::Parts;

use crate::domain::ordering::Answered;
use crate::header_time;
use crate::stripe::Error;

/// An answer to one attempt.
pub(super) struct Reply {
    pub head: Parts,
    pub body: Bytes,
    /// From the request to the end of the body.
    pub took: Duration,
}

impl Reply {
    /// What Stripe's clock said, in whole seconds.
    pub fn date(&self) -> Result<Timestamp, Error> {
        header_time::date(&self.head.headers)
            .ok_or_else(|| Error::Unreachable("the answer has no date".to_owned()))
    }

    /// When Stripe answered. The state that it told may be as old as the call.
    pub fn answered(&self) -> Result<Answered, Error> {
        let seconds = self.took.as_secs() + u64::from(self.took.subsec_nanos() > 0);
        Ok(Answered { at: self.date()?.as_second(), took: seconds.cast_signed() })
    }
}
