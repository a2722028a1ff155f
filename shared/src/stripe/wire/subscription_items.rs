//! The items of a subscription, as whoever changes them names them.

use serde::Deserialize;

use super::{List, null_as_default};

/// A subscription of which only the items are of interest.
#[derive(Debug, Deserialize)]
pub struct WithItems {
    #[serde(default, deserialize_with = "null_as_default")]
    items: List<NamedItem>,
}

/// One of them.
#[derive(Debug, Deserialize)]
pub struct NamedItem {
    /// Stripe's id, `si_...`.
    pub id: String,
}

impl WithItems {
    /// The only item. None: there are several, or none.
    pub fn only(mut self) -> Option<NamedItem> {
        let item = self.items.data.pop()?;
        (self.items.data.is_empty() && !self.items.has_more).then_some(item)
    }
}
