//! A row of `webhook_events`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::domain::ids::OrgId;

/// An event as we have it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct EventRow {
    /// Stripe's id, `evt_...`.
    pub event_id: String,
    /// Stripe's type, such as `invoice.paid`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Live mode, not test mode.
    pub livemode: bool,
    /// The API version that shaped its payload. None: Stripe did not say.
    pub api_version: Option<String>,
    /// When Stripe made it.
    pub stripe_created_at: Timestamp,
    /// The organization that it belongs to. None: none was found.
    pub org_id: Option<OrgId>,
    /// `received`, `processed` or `failed`.
    pub status: String,
    /// What came of it. None: it is not processed.
    pub outcome: Option<String>,
    /// Why it failed. None: it did not.
    pub error_code: Option<String>,
    /// How often it was tried.
    pub attempts: i32,
    /// Milliseconds from the request's arrival to the end of the work. None: not noted.
    pub milliseconds: Option<i32>,
    /// When it came first.
    pub first_received_at: Timestamp,
    /// When it was tried last.
    pub last_attempt_at: Timestamp,
    /// When the reconciliation tries it again. None: it does not.
    pub next_retry_at: Option<Timestamp>,
    /// When its effects were committed. None: they are not.
    pub processed_at: Option<Timestamp>,
}

impl EventRow {
    /// What came of it, in a word or two.
    pub fn result(&self) -> String {
        match (self.status.as_str(), &self.outcome, &self.error_code) {
            (_, Some(outcome), _) => outcome.clone(),
            ("received", ..) => "under way, or cut off".to_owned(),
            (status, _, Some(code)) => format!("{status}: {code}"),
            (status, ..) => status.to_owned(),
        }
    }
}

/// What counts as failed: what failed, and what was cut off in the middle.
pub(super) const FAILED: &str =
    "(e.status = 'failed' or e.status = 'received' and e.last_attempt_at < now() - interval '5 minutes')";
