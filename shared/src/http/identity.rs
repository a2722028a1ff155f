//! Who is calling. Nothing a client can send is believed, unless the configuration says that a trusted backend sends it.

use lambda_http::{Request, RequestExt};

use crate::config::IdentitySource;
use crate::domain::ids::UserId;
use crate::http::error::ApiError;

/// A person whose identity was vouched for.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who it is.
    pub user: UserId,
    /// Told to Stripe when a customer is made; never stored or logged.
    pub email: Option<String>,
}

/// The caller of a request.
///
/// # Errors
/// [`ApiError::Unauthenticated`] if nobody vouches for one.
pub fn require(source: IdentitySource, request: &Request) -> Result<Caller, ApiError> {
    let (user, email) = match source {
        IdentitySource::TrustedHeaders => {
            (single_header(request, "x-user-id")?, single_header(request, "x-user-email")?)
        }
        IdentitySource::Authorizer => (authorized(request, "userId"), authorized(request, "email")),
    };
    let user = user.and_then(|id| id.parse().ok()).ok_or(ApiError::Unauthenticated)?;
    Ok(Caller { user, email: email.filter(|e| e.contains('@')) })
}

/// A header that may stand once: of two, which one a proxy in between checked cannot be known.
fn single_header(request: &Request, name: &str) -> Result<Option<String>, ApiError> {
    let mut values = request.headers().get_all(name).iter();
    match (values.next(), values.next()) {
        (value, None) => Ok(value.and_then(|v| v.to_str().ok()).map(str::to_owned)),
        _ => Err(ApiError::Unauthenticated),
    }
}

/// What the authorizer put into the request context, which a client cannot reach.
fn authorized(request: &Request, field: &str) -> Option<String> {
    Some(request.request_context_ref()?.authorizer()?.fields.get(field)?.as_str()?.to_owned())
}
