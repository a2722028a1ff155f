//! How the control API answers: with the result, or with the error in Stripe's shape.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use crate::wire::errors::{Answer, ApiError};

/// An answer of the control API: the result, or the error in Stripe's shape.
pub(super) struct Outcome(pub(super) Answer);

impl IntoResponse for Outcome {
    fn into_response(self) -> Response {
        match self.0 {
            Ok(body) => Json(body).into_response(),
            Err(error) => {
                let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
                (status, Json(error.body())).into_response()
            }
        }
    }
}

pub(super) fn no_such_act(name: &str) -> ApiError {
    ApiError::invalid(format!("No such act: '{name}'")).status(404)
}
