//! When a caller may try again.

use crate::error::Error;
use crate::stripe;

/// Seconds after which a caller may try again when the database was unavailable.
const OF_DATABASE: u64 = 2;
/// The same while nothing is known of the configuration: so often the secret is asked for then.
const OF_CONFIGURATION: u64 = 5;
/// The same while the keys of access tokens cannot be fetched: so long nobody asks for them again.
pub(super) const OF_IDENTITY: u64 = 5;
/// The same of an event that failed: when the reconciliation may try it for the first time.
pub(super) const OF_EVENT: u64 = 60;

/// Seconds until another try of an operation makes sense, where that is known.
pub(super) fn of(error: &Error) -> Option<u64> {
    match error {
        Error::Stripe(stripe::Error::Throttled { retry_after }) => Some(*retry_after),
        Error::Database(error) if error.is_unavailable() => Some(OF_DATABASE),
        Error::NoConfiguration => Some(OF_CONFIGURATION),
        _ => None,
    }
}
