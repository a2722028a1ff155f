//! Which organization's flags are asked for.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use shared::domain::ids::OrgId;
use shared::http::error::ApiError;
use shared::http::evaluation::Unevaluated;
use shared::http::request;

/// Asks for flags.
#[derive(Deserialize, JsonSchema)]
pub struct EvaluationRequest {
    /// Whose flags.
    #[schemars(with = "EvaluationContext")]
    context: Option<Value>,
}

/// OpenFeature's evaluation context. What else it holds is not looked at: who asks, the access token says.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[expect(dead_code, reason = "openapi.json is made of it")]
pub struct EvaluationContext {
    /// The organization.
    targeting_key: OrgId,
}

/// The organization that a request's targeting key names. `key`: the one flag that is asked for.
///
/// # Errors
/// [`ApiError::Unevaluated`]; [`ApiError::PayloadTooLarge`].
pub fn organization(request: &lambda_http::Request, key: Option<&str>) -> Result<OrgId, ApiError> {
    let refused = |why| ApiError::Unevaluated { key: key.map(str::to_owned), why };
    let body: EvaluationRequest = request::json(request).map_err(|error| match error {
        ApiError::InvalidRequest(sentence) => refused(Unevaluated::ParseError(sentence)),
        error => error,
    })?;
    let targeting_key = match &body.context {
        Some(Value::Object(context)) => context.get("targetingKey"),
        None => None,
        Some(_) => return Err(refused(Unevaluated::InvalidContext)),
    };
    match targeting_key {
        None | Some(Value::Null) => Err(refused(Unevaluated::TargetingKeyMissing)),
        Some(Value::String(text)) if text.is_empty() => Err(refused(Unevaluated::TargetingKeyMissing)),
        Some(Value::String(text)) => text.parse().map_err(|_| refused(Unevaluated::InvalidContext)),
        Some(_) => Err(refused(Unevaluated::InvalidContext)),
    }
}
