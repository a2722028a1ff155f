//! Who somebody in front of us says is calling: an authorizer of the operator's own, or a trusted backend.

use lambda_http::{Request, RequestExt};

use super::{Caller, Refusal, address};

/// Whom a Lambda authorizer of the operator's own vouches for: `userId` and `email` of its context, which
/// API Gateway hands over and a client cannot reach (AWS: Control access to HTTP APIs with AWS Lambda
/// authorizers).
pub(super) fn authorizers_word(request: &Request) -> Result<Caller, Refusal> {
    let field = |name| {
        let context = request.request_context_ref()?;
        Some(context.authorizer()?.fields.get(name)?.as_str()?.to_owned())
    };
    caller(field("userId"), field("email"))
}

/// Whom a trusted backend names in `x-user-id` and `x-user-email`.
pub(super) fn trusted_headers(request: &Request) -> Result<Caller, Refusal> {
    caller(single_header(request, "x-user-id")?, single_header(request, "x-user-email")?)
}

fn caller(user: Option<String>, email: Option<String>) -> Result<Caller, Refusal> {
    let user = user.and_then(|id| id.parse().ok()).ok_or(Refusal::Missing)?;
    Ok(Caller { user, email: address(email) })
}

/// A header that may stand once: of two, which one a proxy in between checked cannot be known. HTTP APIs hand
/// over two as one with a comma between.
fn single_header(request: &Request, name: &str) -> Result<Option<String>, Refusal> {
    let mut values = request.headers().get_all(name).iter();
    match (values.next().map(|value| value.to_str()), values.next()) {
        (None, _) => Ok(None),
        (Some(Ok(value)), None) if !value.contains(',') => Ok(Some(value.to_owned())),
        _ => Err(Refusal::Missing),
    }
}
