//! The access token of a request, checked here and by nobody in front of us (RFC 6750; RFC 7519; Supabase:
//! JWT signing keys).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lambda_http::http::{HeaderMap, header};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::claims::Claims;
use super::{Caller, Refusal};
use crate::app::App;
use crate::jwks::{Key, SigningKeys, could_be_kid};
use crate::telemetry::request::{Part, Timer};

/// The largest token that is looked at, in bytes: Supabase's are about 1 KiB, and work shall not grow with
/// what a stranger sends.
const LARGEST_TOKEN: usize = 8 * 1024;

/// The part of a token's header that is read. `jku`, `x5u` and `jwk`, with which it could bring a key of its
/// own, are not.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<IgnoredAny>,
}

impl Header {
    /// None: it is no JWT.
    fn of(token: &str) -> Option<Self> {
        let (header, _) = token.split_once('.')?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()
    }
}

/// The person whom the request's access token speaks for.
pub(super) async fn bearer_of(app: &App, headers: &HeaderMap) -> Result<Caller, Refusal> {
    let token = token(headers)?;
    let _timer = Timer::start(Part::Verify);
    let url = app.config.supabase_url.as_deref().ok_or(Refusal::NotConfigured)?;
    let now = app.clock.machine().as_second();
    let key = key_for(app, token, now).await?;
    key.claims::<Claims>(token)?.check(&format!("{url}/auth/v1"), now)
}

/// The key that must have signed a token. The token only names it.
async fn key_for(app: &App, token: &str, now: i64) -> Result<Key, Refusal> {
    let header = Header::of(token).ok_or(Refusal::Malformed)?;
    if header.crit.is_some() {
        return Err(Refusal::CriticalHeader);
    }
    match header.alg.as_str() {
        "HS256" => app.config.supabase_jwt_secret.as_ref().map(Key::shared).ok_or(Refusal::Algorithm),
        "ES256" | "RS256" => {
            let kid = header.kid.filter(|kid| could_be_kid(kid)).ok_or(Refusal::UnknownKey)?;
            let keys: &SigningKeys = app.signing_keys().ok_or(Refusal::NotConfigured)?;
            Ok(keys.find(&kid, now).await?)
        }
        // `none` too.
        _ => Err(Refusal::Algorithm),
    }
}

/// The token of `Authorization: Bearer` (RFC 6750, 2.1). An HTTP API hands over two of them as one header
/// with a comma, which no token has.
fn token(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let header = values.next().ok_or(Refusal::Missing)?;
    if header.len() > LARGEST_TOKEN {
        return Err(Refusal::TooLarge);
    }
    if values.next().is_some() {
        return Err(Refusal::NotBearer);
    }
    let header = header.to_str().map_err(|_| Refusal::NotBearer)?;
    let (scheme, token) = header.trim().split_once(' ').ok_or(Refusal::NotBearer)?;
    let token = token.trim_start_matches(' ');
    let is_token = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.');
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        Err(Refusal::NotBearer)
    } else if !token.bytes().all(is_token) {
        Err(Refusal::Malformed)
    } else {
        Ok(token)
    }
}
