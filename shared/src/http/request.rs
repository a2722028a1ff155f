//! Request bodies: limited in size, strict in shape, and a refusal names the field.

use lambda_http::{Body, Request};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::domain::ids::OrgId;
use crate::http::error::ApiError;

/// The largest body of a route that people call, in bytes.
pub const MAX_BODY: usize = 64 * 1024;

/// The body's bytes, decoded where API Gateway had to encode them.
///
/// # Errors
/// [`ApiError::PayloadTooLarge`] above `limit` bytes.
pub fn body(request: &Request, limit: usize) -> Result<&[u8], ApiError> {
    let bytes = match request.body() {
        Body::Text(text) => text.as_bytes(),
        Body::Binary(bytes) => bytes,
        _ => &[],
    };
    if bytes.len() > limit { Err(ApiError::PayloadTooLarge) } else { Ok(bytes) }
}

/// The body as a `T`.
///
/// # Errors
/// [`ApiError::PayloadTooLarge`], or [`ApiError::InvalidRequest`] with the name of the field that is missing,
/// unknown or of another type.
pub fn json<T: DeserializeOwned>(request: &Request) -> Result<T, ApiError> {
    let bytes = body(request, MAX_BODY)?;
    // A list would be read as the fields in their order.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(ApiError::InvalidRequest("The body must be one JSON object".to_owned()));
    }
    let mut parser = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut parser)
        .map_err(|error| ApiError::InvalidRequest(problem(&error)))?;
    parser.end().map_err(|_| ApiError::InvalidRequest("The body must be one JSON object".to_owned()))?;
    Ok(value)
}

fn problem(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    if error.inner().classify() != Category::Data {
        return "The body must be one JSON object".to_owned();
    }
    // serde tells these three apart in its message only, and quotes the field in backticks.
    let message = error.inner().to_string();
    let field: String = message.split('`').nth(1).unwrap_or_default().chars().take(64).collect();
    if message.starts_with("missing field") {
        format!("The field {field} is missing")
    } else if message.starts_with("unknown field") {
        format!("The field {field} is not known here")
    } else if message.starts_with("duplicate field") {
        format!("The field {field} stands twice")
    } else {
        match error.path().to_string().as_str() {
            "." => "The body must be one JSON object".to_owned(),
            path => format!("The field {path} has the wrong type"),
        }
    }
}

/// The one value of a query parameter, percent-decoded.
///
/// # Errors
/// [`ApiError::InvalidRequest`] if it is missing or stands twice.
pub fn query(request: &Request, name: &str) -> Result<String, ApiError> {
    let value = optional_query(request, name)?;
    value.ok_or_else(|| ApiError::InvalidRequest(format!("The field {name} is missing")))
}

/// The same of one that need not be there.
///
/// # Errors
/// [`ApiError::InvalidRequest`] if it stands twice.
pub fn optional_query(request: &Request, name: &str) -> Result<Option<String>, ApiError> {
    let mut values = url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes())
        .filter(|(key, _)| key == name);
    match (values.next(), values.next()) {
        (Some((_, value)), None) => Ok(Some(value.into_owned())),
        (None, _) => Ok(None),
        _ => Err(ApiError::InvalidRequest(format!("The field {name} stands twice"))),
    }
}

/// Reads an organization's id.
///
/// # Errors
/// [`ApiError::InvalidOrgId`] if it is not a UUID.
pub fn org_id(text: &str) -> Result<OrgId, ApiError> {
    text.parse().map_err(|_| ApiError::InvalidOrgId)
}
