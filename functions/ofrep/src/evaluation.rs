//! A flag as OpenFeature tells of it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use shared::db::flags::Flag;
use shared::domain::plan::PlanCode;

/// A flag of an organization.
#[derive(Serialize, JsonSchema)]
pub struct Evaluation<'a> {
    /// Its name.
    key: &'a str,
    /// Whether it is on.
    value: bool,
    /// The same as a word.
    variant: Variant,
    /// Why.
    reason: Reason,
    /// What decides it.
    metadata: Metadata<'a>,
}

/// A flag's value as a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "FlagVariant")]
pub enum Variant {
    /// The flag is on.
    On,
    /// The flag is off.
    Off,
}

/// Why a flag has its value, in the words of OpenFeature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schemars(rename = "FlagReason")]
pub enum Reason {
    /// Something grants it to the organization, or an override decides.
    TargetingMatch,
    /// It is as everybody has it.
    Default,
}

/// What decides a flag.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "FlagMetadata")]
pub struct Metadata<'a> {
    /// What decides: the plan also where nothing grants the flag.
    #[schemars(with = "Source")]
    source: &'a str,
    /// The plan in force.
    #[schemars(with = "PlanCode")]
    plan: &'a str,
    /// When what decides ends. Not there: no end is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Timestamp")]
    expires_at: Option<Timestamp>,
}

/// What can decide a flag.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase", rename = "FlagSource")]
pub enum Source {
    /// A plan.
    Plan,
    /// An add-on.
    Addon,
    /// A trial of the flag.
    Trial,
    /// An operator's word.
    Override,
}

impl<'a> Evaluation<'a> {
    /// A flag of an organization that has a plan.
    pub fn of(flag: &'a Flag, plan: &'a str) -> Self {
        // What everybody has does not end with what grants it once more.
        let by_default = flag.source != "override" && (flag.everybody || !flag.enabled);
        let (source, expires_at) = match by_default {
            true => ("plan", None),
            false => (flag.source.as_str(), flag.expires_at),
        };
        let expires_at = expires_at.and_then(|second| Timestamp::from_second(second).ok());
        Self {
            key: &flag.key,
            value: flag.enabled,
            variant: if flag.enabled { Variant::On } else { Variant::Off },
            reason: if by_default { Reason::Default } else { Reason::TargetingMatch },
            metadata: Metadata { source, plan, expires_at },
        }
    }
}
