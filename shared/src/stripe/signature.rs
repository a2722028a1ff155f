//! The webhook's signature (Stripe, "Resolve webhook signature verification errors" and "Verify manually"):
//! HMAC-SHA256 of `t.body` with the endpoint's secret, compared in constant time, not older or newer than
//! five minutes.
//!
//! What is accepted here, Stripe's official SDKs accept too: they compare texts, so white space, upper case
//! and a time with zeros in front are refused. The crate `fuzz` holds both together.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

use crate::config::Secret;

/// How far the signature's time may be from ours, in seconds.
pub const TOLERANCE: i64 = 300;
/// More `v1` values than any rotation needs: each costs an HMAC.
const MOST_SIGNATURES: usize = 16;

/// Why a signature does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// No secret is configured, so no event can be believed.
    #[error("no secret is configured")]
    NoSecret,
    /// The header is missing, stands twice or is malformed.
    #[error("the header is missing or malformed")]
    Header,
    /// No signature fits the body with any secret.
    #[error("no signature fits")]
    Mismatch,
    /// The signature fits and is too old, or from the future.
    #[error("the time is out of tolerance")]
    Time,
}

/// Checks the `Stripe-Signature` header of a request against its raw body.
///
/// # Errors
/// See [`Invalid`].
pub fn verify(header: Option<&str>, body: &[u8], secrets: &[Secret], now: Timestamp) -> Result<(), Invalid> {
    if secrets.is_empty() {
        return Err(Invalid::NoSecret);
    }
    let (time, signatures) = parse(header.ok_or(Invalid::Header)?).ok_or(Invalid::Header)?;
    let fits = secrets.iter().any(|secret| {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) else { return false };
        mac.update(time.as_bytes());
        mac.update(b".");
        mac.update(body);
        signatures.iter().any(|signature| mac.clone().verify_slice(signature).is_ok())
    });
    if !fits {
        return Err(Invalid::Mismatch);
    }
    let signed_at: i64 = time.parse().map_err(|_| Invalid::Header)?;
    if now.as_second().abs_diff(signed_at) > TOLERANCE.unsigned_abs() {
        return Err(Invalid::Time);
    }
    Ok(())
}

/// A `Stripe-Signature` header as Stripe makes it: for the probe, which sends what Stripe sends.
pub fn sign(body: &[u8], secret: &Secret, at: Timestamp) -> String {
    let time = at.as_second().to_string();
    let signature = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).map(|mut mac| {
        mac.update(time.as_bytes());
        mac.update(b".");
        mac.update(body);
        hex::encode(mac.finalize().into_bytes())
    });
    // HMAC takes a key of any length.
    format!("t={time},v1={}", signature.unwrap_or_default())
}

/// The time as it was signed, and every `v1` signature. Other schemes are Stripe's own tests (`v0`) and are
/// passed over.
fn parse(header: &str) -> Option<(&str, Vec<[u8; 32]>)> {
    let mut time = None;
    let mut signatures = Vec::new();
    for part in header.split(',') {
        let (name, value) = part.split_once('=')?;
        match name {
            "t" if time.is_none() => time = Some(value),
            "t" => return None,
            "v1" if signatures.len() < MOST_SIGNATURES => {
                let mut signature = [0; 32];
                // A malformed one may stand beside a good one.
                if is_lower_case(value) && hex::decode_to_slice(value, &mut signature).is_ok() {
                    signatures.push(signature);
                }
            }
            _ => {}
        }
    }
    Some((time.filter(|time| is_plain(time))?, signatures))
}

/// Digits, as a number is written.
fn is_plain(time: &str) -> bool {
    let is_written_so = time == "0" || !time.starts_with('0');
    !time.is_empty() && is_written_so && time.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_lower_case(value: &str) -> bool {
    !value.bytes().any(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"id":"evt_1"}"#;

    fn sign(secret: &str, time: i64) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{time}.").as_bytes());
        mac.update(BODY);
        hex::encode(mac.finalize().into_bytes())
    }

    fn check(header: &str, body: &[u8], secrets: &[&str], now: i64) -> Result<(), Invalid> {
        let secrets: Vec<_> = secrets.iter().map(|s| Secret::new(*s)).collect();
        verify(Some(header), body, &secrets, Timestamp::from_second(now).unwrap())
    }

    #[test]
    fn a_good_signature_holds_with_any_of_several_secrets_and_among_several_signatures() {
        let header = format!("t=1000,v1={},v1={},v0=abc", sign("other", 1000), sign("new", 1000));
        assert_eq!(check(&header, BODY, &["old", "new"], 1000), Ok(()));
        assert_eq!(check(&header, BODY, &["old"], 1000), Err(Invalid::Mismatch));
    }

    #[test]
    fn the_tolerance_is_five_minutes_either_way() {
        let header = format!("t=1000,v1={}", sign("s", 1000));
        for (now, expected) in
            [(1300, Ok(())), (700, Ok(())), (1301, Err(Invalid::Time)), (699, Err(Invalid::Time))]
        {
            assert_eq!(check(&header, BODY, &["s"], now), expected, "{now}");
        }
    }

    #[test]
    fn one_flipped_bit_anywhere_in_the_body_is_refused() {
        let header = format!("t=1000,v1={}", sign("s", 1000));
        for bit in 0..BODY.len() * 8 {
            let mut body = BODY.to_vec();
            body[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(check(&header, &body, &["s"], 1000), Err(Invalid::Mismatch), "{bit}");
        }
    }

    #[test]
    fn malformed_headers_are_refused() {
        let good = sign("s", 1000);
        for header in [
            "",
            "test",
            "t=,v1=ab",
            "v1=ab",
            &format!("t=1000,t=1000,v1={good}"),
            &format!("t=+1000,v1={good}"),
            &format!("t=x,v1={good}"),
            &format!("t=01000,v1={good}"),
            &format!(" t=1000,v1={good}"),
        ] {
            assert_eq!(check(header, BODY, &["s"], 1000), Err(Invalid::Header), "{header}");
        }
        let upper = good.to_uppercase();
        for header in [
            "t=1000",
            "t=1000,v1=zz",
            &format!("t=1000,v0={good}"),
            &format!("t=1000,v1={upper}"),
            &format!("t=1000, v1={good}"),
        ] {
            assert_eq!(check(header, BODY, &["s"], 1000), Err(Invalid::Mismatch), "{header}");
        }
    }

    #[test]
    fn what_we_sign_holds() {
        let at = Timestamp::from_second(1000).unwrap();
        let header = super::sign(BODY, &Secret::new("s"), at);
        assert_eq!(header, format!("t=1000,v1={}", sign("s", 1000)));
        assert_eq!(check(&header, BODY, &["s"], 1000), Ok(()));
    }

    #[test]
    fn nothing_holds_without_a_secret() {
        assert_eq!(check(&format!("t=1000,v1={}", sign("", 1000)), BODY, &[], 1000), Err(Invalid::NoSecret));
    }
}
