//! The authorizer in front of the API's functions: which person does a request's access token speak for?
//! (AWS: Working with AWS Lambda authorizers for HTTP APIs, payload format 2.0, simple responses.)
//!
//! It *vouches* and never refuses. An HTTP API answers `isAuthorized: false` with a 403 and a failing
//! authorizer with a 500, both in a body of its own that nothing can change; our contract is 401
//! `unauthenticated` in our JSON, with our request id. So a good token puts `userId` and `email` into the
//! request context, any other puts nothing there, and the functions, which serve nobody without a `userId`
//! from the context, answer the 401. Whoever removes that check there opens the API: the authorizer in front
//! does not close it.

mod jwks;
mod refusal;
mod ring_provider;
mod token;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use shared::app::App;
use shared::config::Secret;
use shared::domain::ids::UserId;
use shared::jwks::{Key, could_be_kid};
use shared::live::Live;
use shared::serve::attempt;
use shared::telemetry::metrics;

use crate::jwks::Jwks;
pub use crate::refusal::Refusal;
use crate::token::Header;
pub use crate::token::Identity;

/// The largest token that is looked at, in bytes: Supabase's are about 1 KiB, and work shall not grow with
/// what a stranger sends.
const LARGEST_TOKEN: usize = 8 * 1024;

/// What the function holds while it runs: its configuration and clock, and the keys that it has fetched.
#[derive(Debug)]
pub struct Authorizer {
    live: Live,
    /// None until the first token.
    jwks: RwLock<Option<Arc<Jwks>>>,
}

impl Authorizer {
    /// With a configuration that does not change. Nothing is fetched yet: the first token that needs a key
    /// asks for it.
    pub fn new(app: App) -> Self {
        Self::live(Live::fixed(app))
    }

    /// The same with a configuration that may change.
    pub fn live(live: Live) -> Self {
        Self { live, jwks: RwLock::default() }
    }

    /// The keys of the project at this address. They outlast a configuration that changes elsewhere.
    fn jwks(&self, supabase_url: &str) -> Arc<Jwks> {
        let held = self.jwks.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(jwks) = held.filter(|jwks| jwks.is_of(supabase_url)) {
            return jwks;
        }
        let mut held = self.jwks.write().unwrap_or_else(PoisonError::into_inner);
        match held.as_ref().filter(|jwks| jwks.is_of(supabase_url)) {
            Some(jwks) => Arc::clone(jwks),
            None => Arc::clone(held.insert(Arc::new(Jwks::new(supabase_url)))),
        }
    }
}

/// The part of the event that is read. API Gateway hands over header names in lower case, and two headers of
/// a name as one.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Request {
    /// The request's headers.
    #[serde(default)]
    pub headers: HashMap<String, String>,
    /// Where API Gateway numbers it.
    #[serde(default, rename = "requestContext")]
    pub context: RequestContext,
}

/// The part of the request context that is read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestContext {
    /// API Gateway's number of the request, which its access log has too.
    #[serde(default)]
    pub request_id: String,
}

/// The answer to API Gateway, which hands `context` to the function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthorizerAnswer {
    /// Always: see the module's description.
    pub is_authorized: bool,
    /// Whom we vouch for.
    pub context: Context,
}

/// Empty if we vouch for nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Context {
    /// Who it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// Where Supabase knows one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// Answers with the person whom the request's access token speaks for, if there is one.
pub async fn handle(authorizer: &Authorizer, request: Request) -> AuthorizerAnswer {
    let context = match identify(authorizer, &request).await {
        Ok(Identity { user, email }) => Context { user_id: Some(user), email },
        Err(refusal) => {
            refusal.log(&request.context.request_id);
            if !matches!(refusal, Refusal::Missing) {
                metrics::refused_token();
            }
            Context::default()
        }
    };
    metrics::flush();
    AuthorizerAnswer { is_authorized: true, context }
}

async fn identify(authorizer: &Authorizer, request: &Request) -> Result<Identity, Refusal> {
    let token = bearer(&request.headers)?;
    let work = |app: Arc<App>, token| async move { check(authorizer, &app, token).await };
    let checked = attempt(&authorizer.live, token, work, |checked| {
        checked.as_ref().is_err_and(|refusal| refusal.may_be_outdated())
    });
    checked.await.map_err(|_| Refusal::NotConfigured)?
}

async fn check(authorizer: &Authorizer, app: &App, token: &str) -> Result<Identity, Refusal> {
    let url = app.config.supabase_url.as_deref().ok_or(Refusal::NotConfigured)?;
    let jwks = authorizer.jwks(url);
    let secret = app.config.supabase_jwt_secret.as_ref();
    let now = app.clock.now().as_second();
    let key = key_for(token, secret, &jwks, now).await?;
    token::verify(token, &key, &format!("{url}/auth/v1"), now)
}

/// The key that must have signed a token. The token only names it.
async fn key_for(token: &str, secret: Option<&Secret>, jwks: &Jwks, now: i64) -> Result<Key, Refusal> {
    let header = Header::of(token).ok_or(Refusal::Malformed)?;
    if header.crit.is_some() {
        return Err(Refusal::CriticalHeader);
    }
    match header.alg.as_str() {
        "HS256" => {
            let secret = secret.ok_or(Refusal::Algorithm)?;
            Ok(Key::shared(secret))
        }
        "ES256" | "RS256" => {
            let kid = header.kid.filter(|kid| could_be_kid(kid)).ok_or(Refusal::UnknownKey)?;
            jwks.find(&kid, now).await
        }
        // `none` too.
        _ => Err(Refusal::Algorithm),
    }
}

/// The token of `Authorization: Bearer` (RFC 6750, 2.1). Two of them come as one header with a comma, which
/// no token has.
fn bearer(headers: &HashMap<String, String>) -> Result<&str, Refusal> {
    let header = headers.get("authorization").ok_or(Refusal::Missing)?;
    if header.len() > LARGEST_TOKEN {
        return Err(Refusal::TooLarge);
    }
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
