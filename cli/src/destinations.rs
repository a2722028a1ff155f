//! Where Stripe sends events, as its API v2 says it: event destinations. Stripe lists the webhook endpoints
//! of API v1 among them, as destinations of snapshot events.

use serde::Deserialize;
use shared::stripe::{Error, Stripe};
use url::Url;

/// Its path.
pub const PATH: &str = "/v2/core/event_destinations";

/// An event destination (Stripe API, "The Event Destination object"), as far as it matters here.
#[derive(Clone, Deserialize)]
pub struct Destination {
    /// `ed_...`, or `we_...` of a webhook endpoint.
    pub id: String,
    /// `enabled` or `disabled`.
    pub status: String,
    /// The types of its events; `*` are all. Those of thin events begin with `v1.`.
    #[serde(default)]
    pub enabled_events: Vec<String>,
    /// `thin` or `snapshot`.
    pub event_payload: String,
    /// The API version of its snapshot events.
    #[serde(default)]
    pub snapshot_api_version: Option<String>,
    /// A date-time.
    pub created: String,
    /// Whose events it is sent; none: our own account's.
    #[serde(default)]
    events_from: Option<Vec<String>>,
    /// None: its events go to a cloud's bus.
    #[serde(default)]
    webhook_endpoint: Option<WebhookTarget>,
}

#[derive(Clone, Deserialize)]
struct WebhookTarget {
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    signing_secret: Option<String>,
}

impl Destination {
    /// Whether its events name their objects and do not carry them.
    pub fn is_thin(&self) -> bool {
        self.event_payload == "thin"
    }

    /// Whether events are sent.
    pub fn is_enabled(&self) -> bool {
        self.status == "enabled"
    }

    /// The address that our own account's events are sent to. None: it has no address, or is sent those of
    /// others.
    pub fn url(&self) -> Option<Url> {
        // Older versions of the API say `self`.
        let is_ours = |from: &Vec<String>| from.iter().any(|whose| whose == "@self" || whose == "self");
        let url = self.webhook_endpoint.as_ref()?.url.as_deref()?;
        if self.events_from.as_ref().is_none_or(is_ours) { Url::parse(url).ok() } else { None }
    }

    /// Its signing secret, which only the answer to its creation has.
    pub fn signing_secret(&self) -> Option<&str> {
        self.webhook_endpoint.as_ref()?.signing_secret.as_deref()
    }
}

/// All of them, with their addresses.
///
/// # Errors
/// If Stripe fails, or the key may not read them.
pub async fn list(stripe: &Stripe) -> Result<Vec<Destination>, Error> {
    stripe.list_v2(&format!("{PATH}?include[0]=webhook_endpoint.url")).await
}
