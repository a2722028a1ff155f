//! What is told: `entitlements.changed`, with all that `GET /api/entitlements` answers.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use shared::db::notifications::Due;
use shared::http::entitlements::Entitlements;
use uuid::Uuid;

/// What happened.
pub const KIND: &str = "entitlements.changed";

/// A message, as Standard Webhooks has it: what happened, when that was read, and to whom.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    #[serde(skip)]
    pub(crate) id: Uuid,
    /// What happened.
    #[serde(rename = "type")]
    kind: &'static str,
    /// When the answer was read.
    timestamp: Timestamp,
    /// The answer, without what is about one caller.
    pub(crate) data: Data,
}

/// Whose it is, and what they have.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Data {
    /// Of two messages about one organization the one with the greater version is newer.
    version: i64,
    #[serde(flatten)]
    entitlements: Map<String, Value>,
}

impl Message {
    /// The message about what is due.
    pub(crate) fn of(due: &Due, at: Timestamp) -> Self {
        let entitlements = Entitlements::of_organization(due.entitlements.clone());
        Self { id: due.id, kind: KIND, timestamp: at, data: Data { version: due.version, entitlements } }
    }
}
