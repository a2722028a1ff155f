//! Stripe's error shape: `{"error": {type, code, message, param}}`, with the status it travels under.

use serde_json::{Value, json};

/// What every operation of the emulator answers.
pub type Answer = Result<Value, ApiError>;

/// A refusal, as Stripe words it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status} {kind}: {message}")]
pub struct ApiError {
    /// The HTTP status.
    pub status: u16,
    /// Stripe's `type`, such as `invalid_request_error`.
    pub kind: &'static str,
    /// Stripe's `code`, such as `resource_missing`.
    pub code: Option<&'static str>,
    /// The text for a person.
    pub message: String,
    /// The parameter at fault.
    pub param: Option<String>,
}

impl ApiError {
    pub(crate) fn invalid(message: impl Into<String>) -> ApiError {
        ApiError {
            status: 400,
            kind: "invalid_request_error",
            code: None,
            message: message.into(),
            param: None,
        }
    }

    pub(crate) fn status(mut self, status: u16) -> ApiError {
        self.status = status;
        self
    }

    pub(crate) fn kind(mut self, kind: &'static str) -> ApiError {
        self.kind = kind;
        self
    }

    pub(crate) fn code(mut self, code: &'static str) -> ApiError {
        self.code = Some(code);
        self
    }

    pub(crate) fn param(mut self, param: impl Into<String>) -> ApiError {
        self.param = Some(param.into());
        self
    }

    pub(crate) fn missing_param(param: &str) -> ApiError {
        ApiError::invalid(format!("Missing required param: {param}.")).code("parameter_missing").param(param)
    }

    pub(crate) fn unknown_param(param: &str) -> ApiError {
        ApiError::invalid(format!("Received unknown parameter: {param}"))
            .code("parameter_unknown")
            .param(param)
    }

    pub(crate) fn no_such(noun: &str, id: &str, param: &str) -> ApiError {
        ApiError::invalid(format!("No such {noun}: '{id}'")).code("resource_missing").param(param)
    }

    pub(crate) fn card_declined() -> ApiError {
        let error = ApiError::invalid("Your card was declined.").status(402).kind("card_error");
        error.code("card_declined")
    }

    /// The body this error is sent with.
    pub fn body(&self) -> Value {
        let mut error = json!({ "type": self.kind, "message": self.message });
        if let Some(code) = self.code {
            error["code"] = json!(code);
            error["doc_url"] =
                json!(format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-")));
        }
        if let Some(param) = &self.param {
            error["param"] = json!(param);
        }
        json!({ "error": error })
    }
}
