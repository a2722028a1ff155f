//! How events are sent: at once and once, or as a test asks for.

use serde::{Deserialize, Serialize};

/// How new events are delivered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeliveryMode {
    /// Queue events until they are released.
    pub hold: bool,
    /// Never deliver.
    pub drop: bool,
    /// Deliver every event twice, at the same time.
    pub duplicate: bool,
    /// Deliver every event this much later.
    pub delay_ms: u64,
}

/// The order in which held events are released.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// As they happened.
    #[default]
    InOrder,
    /// The newest first.
    Reversed,
    /// At random.
    Shuffled,
}
