//! What an access token must say, once its signature is good (RFC 8725 for what goes wrong with that).

use serde::Deserialize;

use super::{Caller, Refusal, address};

/// How far clocks may be apart, in seconds.
const LEEWAY: i64 = 60;
/// What Supabase Auth puts into the audience and the role of a person who is signed in.
const AUTHENTICATED: &str = "authenticated";

/// What is read of the claims. Supabase writes all but `nbf`, `email` and `is_anonymous` always, and times in
/// whole seconds.
#[derive(Deserialize)]
pub(super) struct Claims {
    iss: String,
    aud: Audience,
    sub: String,
    exp: i64,
    nbf: Option<i64>,
    role: String,
    email: Option<String>,
    is_anonymous: Option<bool>,
}

/// RFC 7519, 4.1.3: one, or a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Claims {
    /// The person whom a token of this issuer speaks for, at a Unix second.
    pub(super) fn check(self, issuer: &str, now: i64) -> Result<Caller, Refusal> {
        let for_us = match &self.aud {
            Audience::One(one) => one == AUTHENTICATED,
            Audience::Many(many) => many.iter().any(|one| one == AUTHENTICATED),
        };
        if self.iss != issuer {
            Err(Refusal::Issuer)
        } else if !for_us {
            Err(Refusal::Audience)
        } else if now >= self.exp.saturating_add(LEEWAY) {
            Err(Refusal::Expired)
        } else if self.nbf.is_some_and(|begin| now < begin.saturating_sub(LEEWAY)) {
            Err(Refusal::NotYetValid)
        } else if self.role != AUTHENTICATED {
            Err(Refusal::Role)
        } else if self.is_anonymous == Some(true) {
            Err(Refusal::Anonymous)
        } else {
            let user = self.sub.parse().map_err(|_| Refusal::Subject)?;
            Ok(Caller { user, email: address(self.email) })
        }
    }
}
