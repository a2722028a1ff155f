//! `SUPABASE_URL` as people have it: of the project itself, or of one of its services; `SUPABASE_JWKS`, as
//! far as it can be judged without reading a key; and the secret that older tokens are signed with, which
//! stands beside other values on the same page.

use serde::Deserialize;
use serde::de::IgnoredAny;
use url::Position;

use super::Secret;

/// What `SUPABASE_JWKS` holds.
pub(super) const KEY_SET: &str = "a JSON Web Key Set of public keys, {\"keys\": [...]}";

/// What a project has behind its address. Tokens name `/auth/v1` as their issuer, and most clients are given
/// `/rest/v1`.
const SERVICES: [&str; 6] =
    ["/auth/v1", "/rest/v1", "/storage/v1", "/functions/v1", "/realtime/v1", "/graphql/v1"];

/// The project's address, without a slash at its end.
///
/// Keys that come over a connection which anybody can change are anybody's keys: https, unless nothing leaves
/// this machine.
pub(super) fn project(value: &str) -> Option<String> {
    let url = super::http_url(value)?;
    let host = url.host_str()?;
    // The dashboard, whose address has the project's name in it.
    if matches!(host, "supabase.com" | "app.supabase.com") {
        return None;
    }
    let local = super::is_this_machine(host);
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    let address = format!("{}{}", &url[..Position::BeforePath], without_service(url.path()));
    (bare && (local || url.scheme() == "https")).then(|| address.trim_end_matches('/').to_owned())
}

/// The path in front of a service's, whatever of the service follows.
fn without_service(path: &str) -> &str {
    let service = SERVICES.iter().filter_map(|service| {
        let (before, behind) = path.split_once(service)?;
        (behind.is_empty() || behind.starts_with('/')).then_some(before)
    });
    service.min_by_key(|before| before.len()).unwrap_or(path)
}

/// What the secret must be, for a sentence.
pub(super) const JWT_SECRET: &str = "the project's legacy JWT secret, at least 32 characters long";

/// Supabase's own are longer. A shorter one could be guessed from a single token (RFC 7518, 3.2: at least the
/// hash's 256 bits).
const SHORTEST_JWT_SECRET: usize = 32;

/// What is never a secret of this kind, by how it begins. With one of these in its place every token would be
/// refused, and nothing would say why.
const OTHERS: [(&str, &str); 13] = [
    ("sb_publishable_", "a key of Supabase (sb_publishable_)"),
    ("sb_secret_", "a key of Supabase (sb_secret_)"),
    ("sbp_", "an access token of Supabase's own API (sbp_)"),
    ("whsec_", "a webhook's signing secret (whsec_)"),
    ("sk_test_", "a Stripe key (sk_)"),
    ("sk_live_", "a Stripe key (sk_)"),
    ("rk_test_", "a Stripe key (rk_)"),
    ("rk_live_", "a Stripe key (rk_)"),
    ("https://", "a web address"),
    ("http://", "a web address"),
    ("postgres://", "a database's address"),
    ("postgresql://", "a database's address"),
    ("-----BEGIN", "a key in PEM"),
];

/// The secret, or what the value is instead.
pub(super) fn jwt_secret(value: &str) -> Result<Secret, &'static str> {
    let other = OTHERS.iter().find(|(beginning, _)| value.starts_with(beginning));
    // The keys `anon` and `service_role` are tokens that were signed with it.
    if value.starts_with("eyJ") && value.matches('.').count() == 2 {
        Err("a JSON Web Token, as the keys anon and service_role are")
    } else if let Some((_, kind)) = other {
        Err(kind)
    } else if value.len() < SHORTEST_JWT_SECRET {
        Err("a shorter value")
    } else {
        Ok(Secret::new(value))
    }
}

/// A set of public keys (RFC 7517, 5), as the text that it is. Which of them can be used shows when the first
/// token names one: no function reads keys before.
pub(super) fn key_set(value: &str) -> Result<String, &'static str> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Member>,
    }
    /// What only its owner has of a key (RFC 7518, 6).
    #[derive(Deserialize)]
    struct Member {
        d: Option<IgnoredAny>,
        k: Option<IgnoredAny>,
    }
    if value.starts_with("http") {
        return Err("the address of one");
    }
    let set: Set = serde_json::from_str(value).map_err(|_| "something else")?;
    if set.keys.is_empty() {
        Err("an empty one")
    } else if set.keys.iter().any(|key| key.d.is_some() || key.k.is_some()) {
        Err("one with a private key or a secret")
    } else {
        Ok(value.to_owned())
    }
}

#[cfg(test)]
mod tests;
