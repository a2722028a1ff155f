//! Why a flag is not evaluated, in the words of OpenFeature (its specification, "Error Code").

use lambda_http::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::error::Failure;

/// What is wrong with a request for flags.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Unevaluated {
    /// The body is no JSON object, or not of the protocol's shape: a sentence says what is wrong.
    #[error("{0}")]
    ParseError(String),
    /// The context names no organization.
    #[error("no targeting key")]
    TargetingKeyMissing,
    /// The context is no object, or its targeting key is not a UUID.
    #[error("the context is not one of ours")]
    InvalidContext,
    /// There is no such flag.
    #[error("no such flag")]
    FlagNotFound,
}

impl Unevaluated {
    /// The part of the one table that is about flags: status, stable code, sentence.
    pub(super) fn parts(&self) -> (StatusCode, &'static str, &str) {
        use StatusCode as S;
        match self {
            Self::ParseError(sentence) => (S::BAD_REQUEST, "parse_error", sentence),
            Self::TargetingKeyMissing => (
                S::BAD_REQUEST,
                "targeting_key_missing",
                "The context must have a targetingKey: the organization's id",
            ),
            Self::InvalidContext => (
                S::BAD_REQUEST,
                "invalid_context",
                "The context must be an object, and its targetingKey the organization's id, a UUID",
            ),
            Self::FlagNotFound => (S::NOT_FOUND, "flag_not_found", "There is no flag of this name"),
        }
    }

    /// OpenFeature's error code.
    pub fn error_code(&self) -> &'static str {
        match self {
            Self::ParseError(_) => "PARSE_ERROR",
            Self::TargetingKeyMissing => "TARGETING_KEY_MISSING",
            Self::InvalidContext => "INVALID_CONTEXT",
            Self::FlagNotFound => "FLAG_NOT_FOUND",
        }
    }
}

/// Why no flag was evaluated: for our clients, and once more as OpenFeature's providers read it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EvaluationFailure<'a> {
    #[serde(flatten)]
    pub(super) failure: Failure<'a>,
    /// The flag. Not there: all were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub(super) key: Option<&'a str>,
    /// OpenFeature's error code.
    #[schemars(extend("enum" = [
        "PARSE_ERROR", "TARGETING_KEY_MISSING", "INVALID_CONTEXT", "FLAG_NOT_FOUND"
    ]))]
    pub(super) error_code: &'a str,
    /// The sentence that `error` has.
    pub(super) error_details: &'a str,
}
