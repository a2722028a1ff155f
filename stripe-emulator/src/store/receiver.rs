//! Who is sent events: webhook endpoints, and the event destinations of API v2. One of these takes snapshot
//! events, or thin ones.

use serde_json::Value;

use crate::wire::value::text;
use crate::wire::versions::NEWEST;

/// A webhook endpoint or an event destination, as it is stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Receiver<'s>(&'s Value);

impl<'s> Receiver<'s> {
    pub(super) fn new(row: &'s Value) -> Receiver<'s> {
        Receiver(row)
    }

    pub(crate) fn id(self) -> &'s str {
        text(&self.0["id"])
    }

    pub(crate) fn url(self) -> &'s str {
        text(self.0.get("_url").unwrap_or(&self.0["url"]))
    }

    pub(crate) fn secret(self) -> &'s str {
        text(&self.0["_secret"])
    }

    /// The API version of its snapshot events.
    pub(crate) fn version(self) -> &'s str {
        self.0["api_version"].as_str().or(self.0["snapshot_api_version"].as_str()).unwrap_or(NEWEST)
    }

    pub(crate) fn is_thin(self) -> bool {
        self.0["event_payload"] == "thin"
    }

    pub(crate) fn is_enabled(self) -> bool {
        self.0["status"] == "enabled"
    }

    /// Whether it is sent events of this type, which is a snapshot event's.
    pub(super) fn wants(self, kind: &str) -> bool {
        let named = |wanted: &str| {
            let wanted = if self.is_thin() { wanted.strip_prefix("v1.") } else { Some(wanted) };
            wanted == Some(kind)
        };
        let enabled = self.0["enabled_events"].as_array().map_or(&[][..], Vec::as_slice);
        self.is_enabled() && enabled.iter().map(text).any(|wanted| wanted == "*" || named(wanted))
    }
}
