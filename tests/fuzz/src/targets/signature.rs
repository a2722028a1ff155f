//! The header `Stripe-Signature` with the body that it signs, compared with what Stripe's SDK does.

use jiff::Timestamp;
use shared::config::Secret;
use shared::stripe::signature::verify;

use super::NOW;
use crate::sdk::{Case, SECRET};

/// What we accept, the SDK accepts; what it accepts, we accept, but for what we refuse on purpose.
pub fn run(input: &[u8]) {
    let case = Case::of(input);
    let now = Timestamp::from_second(NOW).expect("a time");
    let ours = verify(Some(&case.header), &case.payload, &[Secret::new(SECRET)], now);
    let theirs = case.accepted_by_sdk(NOW);
    assert!(ours.is_err() || theirs, "we accept what the SDK refuses: {case:?}");
    let on_purpose = case.refused_on_purpose(NOW);
    assert!(ours.is_ok() || !theirs || on_purpose, "we refuse what the SDK accepts: {case:?}: {ours:?}");
}
