//! Who is calling. Nothing that a client can send is believed but a token that Supabase Auth signed, unless
//! the configuration says that somebody in front of us vouches for the caller.

mod access_token;
mod claims;
mod in_front;
mod refusal;

use lambda_http::Request;
use lambda_http::http::HeaderMap;

use crate::app::App;
use crate::config::IdentitySource;
use crate::domain::ids::UserId;
use crate::http::error::ApiError;

pub use refusal::Refusal;

/// A person whose identity was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The user's id: the token's `sub`, or what stands in its place in front of us.
    pub user: UserId,
    /// Told to Stripe when a customer is made; never stored or logged. None for people who signed in by
    /// telephone.
    pub email: Option<String>,
}

/// The caller of a request.
///
/// # Errors
/// [`ApiError::Unauthenticated`] if nothing proves who it is; [`ApiError::IdentityMismatch`] if the request
/// claims to come from another than it does.
pub async fn require(app: &App, request: &Request) -> Result<Caller, ApiError> {
    let caller = match app.config.identity_source {
        IdentitySource::AccessToken => access_token::bearer_of(app, request.headers()).await?,
        IdentitySource::Authorizer => in_front::authorizers_word(request)?,
        IdentitySource::TrustedHeaders => return Ok(in_front::trusted_headers(request)?),
    };
    if claims_another(request, caller.user) {
        return Err(ApiError::IdentityMismatch);
    }
    Ok(caller)
}

/// The person for whom the access token of these headers speaks: for what takes tokens beside the functions,
/// as the local stack's Realtime does.
///
/// # Errors
/// Why it speaks for nobody.
pub async fn bearer(app: &App, headers: &HeaderMap) -> Result<Caller, Refusal> {
    access_token::bearer_of(app, headers).await
}

/// What Stripe takes for an address. Anything else is as good as none.
fn address(email: Option<String>) -> Option<String> {
    email.filter(|email| email.contains('@'))
}

/// Whether an `x-user-id` names anything but this user. A client that mixes two sessions up shall learn it,
/// not bill the other one.
fn claims_another(request: &Request, user: UserId) -> bool {
    let mut claims = request.headers().get_all("x-user-id").iter();
    match (claims.next(), claims.next()) {
        (None, _) => false,
        (Some(claim), None) => claim.to_str().ok().and_then(|id| id.parse().ok()) != Some(user),
        _ => true,
    }
}
