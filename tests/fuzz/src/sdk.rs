//! Signatures as Stripe's official SDK checks them (stripe-python, `WebhookSignature.verify_header`). That it
//! does so is checked with the SDK itself: `tests/tests/sdk.rs`.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The endpoint's signing secret.
pub const SECRET: &str = "whsec_fuzzed";
/// How old a signature may be, in seconds.
pub const TOLERANCE: i64 = 300;

/// A header and the body that came with it.
#[derive(Clone, Debug)]
pub struct Case {
    /// The header.
    pub header: String,
    /// The body.
    pub payload: Vec<u8>,
}

impl Case {
    /// The first line is the header, the rest the body. In the header, `{s}` is the body's good signature at
    /// the header's time, and `{u}` the same in upper case: nobody guesses one.
    pub fn of(input: &[u8]) -> Self {
        let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
        let payload = input.get(end + 1..).unwrap_or_default().to_vec();
        let header = String::from_utf8_lossy(&input[..end]).into_owned();
        let signature = sign(times(&header).next().unwrap_or_default(), &payload);
        let header = header.replace("{s}", &signature).replace("{u}", &signature.to_uppercase());
        Self { header, payload }
    }

    /// Whether the SDK accepts it at a Unix second. False for a time that it reads and that nobody writes,
    /// such as `+1` or `1_0`.
    pub fn accepted_by_sdk(&self, now: i64) -> bool {
        // It looks for what stands behind the mark of these, and gives up where there is none.
        if self.header.split(',').any(|part| matches!(part, "t" | "v1")) {
            return false;
        }
        let Some(time) = times(&self.header).next().filter(|time| is_plain(time)) else { return false };
        let signed_at: i64 = time.parse().expect("a plain time");
        let expected = sign(time, &self.payload);
        signed_at >= now - TOLERANCE && values(&self.header, "v1").any(|value| value == expected)
    }

    /// Whether we refuse it although the SDK may accept it: a header that Stripe does not write, or a time
    /// that has not come.
    pub fn refused_on_purpose(&self, now: i64) -> bool {
        let two_marks_or_none = |part: &str| part.matches('=').count() != 1;
        let in_future = |time: &str| time.parse().is_ok_and(|time: i64| time > now + TOLERANCE);
        self.header.split(',').any(two_marks_or_none)
            || times(&self.header).count() != 1
            || times(&self.header).any(|time| !is_plain(time) || in_future(time))
            || values(&self.header, "v1").count() > 16
    }
}

/// Digits, as a number is written.
fn is_plain(time: &str) -> bool {
    time.parse().is_ok_and(|number: i64| number >= 0 && number.to_string() == time)
}

fn times(header: &str) -> impl Iterator<Item = &str> {
    values(header, "t")
}

/// What stands under a name: between the first mark and the second.
fn values<'h>(header: &'h str, name: &'static str) -> impl Iterator<Item = &'h str> {
    header.split(',').filter_map(move |part| {
        let (found, rest) = part.split_once('=')?;
        (found == name).then(|| rest.split('=').next().unwrap_or_default())
    })
}

fn sign(time: &str, payload: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any key is allowed");
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(payload);
    hex::encode(mac.finalize().into_bytes())
}
