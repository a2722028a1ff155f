//! Who is calling. Nothing a client can send is believed, unless the configuration says that a trusted
//! backend sends it.

use lambda_http::{Request, RequestExt};

use crate::config::IdentitySource;
use crate::domain::ids::UserId;
use crate::http::error::ApiError;

/// A person whose identity was vouched for.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The user's id: the token's `sub`, or `x-user-id` behind a trusted backend.
    pub user: UserId,
    /// Told to Stripe when a customer is made; never stored or logged.
    pub email: Option<String>,
}

/// The caller of a request.
///
/// # Errors
/// [`ApiError::Unauthenticated`] if nobody vouches for one; [`ApiError::IdentityMismatch`] if the request
/// claims to come from another than the one who is vouched for.
pub fn require(source: IdentitySource, request: &Request) -> Result<Caller, ApiError> {
    let (user, email) = match source {
        IdentitySource::TrustedHeaders => {
            (single_header(request, "x-user-id")?, single_header(request, "x-user-email")?)
        }
        IdentitySource::Authorizer => (authorized(request, "userId"), authorized(request, "email")),
    };
    let user: UserId = user.and_then(|id| id.parse().ok()).ok_or(ApiError::Unauthenticated)?;
    if source == IdentitySource::Authorizer && claims_another(request, user) {
        return Err(ApiError::IdentityMismatch);
    }
    Ok(Caller { user, email: email.filter(|e| e.contains('@')) })
}

/// A header that may stand once: of two, which one a proxy in between checked cannot be known. HTTP APIs hand
/// over two as one with a comma between.
fn single_header(request: &Request, name: &str) -> Result<Option<String>, ApiError> {
    let mut values = request.headers().get_all(name).iter();
    match (values.next().map(|value| value.to_str()), values.next()) {
        (None, _) => Ok(None),
        (Some(Ok(value)), None) if !value.contains(',') => Ok(Some(value.to_owned())),
        _ => Err(ApiError::Unauthenticated),
    }
}

/// What the authorizer put into the request context, which a client cannot reach.
fn authorized(request: &Request, field: &str) -> Option<String> {
    Some(request.request_context_ref()?.authorizer()?.fields.get(field)?.as_str()?.to_owned())
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
