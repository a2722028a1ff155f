//! `SUPABASE_URL` as people have it, of the project itself or of one of its services; and `SUPABASE_JWKS`, as
//! far as it can be judged without reading a key.

use serde::Deserialize;
use serde::de::IgnoredAny;
use url::Position;

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
