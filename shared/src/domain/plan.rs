//! Plans by their code, how often they are paid, and the lookup keys of their Stripe prices. Which plans
//! there are, and what they switch on, is in the database.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A plan's code: in the database, in metadata and in answers. Of several plans the highest rank counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("pattern" = "^[a-z][a-z0-9_-]{0,39}$", "examples" = ["pilot", "pro", "enterprise"]))]
pub struct PlanCode(String);

/// How often a subscription is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Interval {
    /// Monthly.
    Month,
    /// Yearly.
    Year,
}

/// A word that is none of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unknown;

/// By which lookup keys the plans' prices are known: each begins with a prefix, an underscore and an
/// interval. What follows after another underscore, a currency or a version, is free.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// The prefix of the plan that everybody has.
    pub free: String,
    /// Those of all other plans.
    pub paid: Vec<String>,
}

impl PlanCode {
    /// The code of the plan that everybody has.
    pub const FREE: &str = "pilot";

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether everybody has it.
    pub fn is_free(&self) -> bool {
        self.0 == Self::FREE
    }
}

impl Keys {
    /// Whether a price is the free plan's: its lookup key says so or, where that is no plan's, its metadata.
    pub fn is_free(&self, lookup_key: Option<&str>, plan_code: Option<&str>) -> bool {
        let begins = |prefix: &String| lookup_key.is_some_and(|key| sells(prefix, key));
        begins(&self.free) || plan_code == Some(PlanCode::FREE) && !self.paid.iter().any(begins)
    }
}

fn sells(prefix: &str, key: &str) -> bool {
    let rest = key.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_'));
    let interval = rest.and_then(|rest| rest.split('_').next());
    matches!(interval, Some("day" | "week" | "month" | "year"))
}

impl Interval {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Month, Self::Year];

    /// Stripe's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}

impl FromStr for PlanCode {
    type Err = Unknown;

    /// Reads what may be a plan's code. Whether there is such a plan, the database says.
    fn from_str(text: &str) -> Result<Self, Unknown> {
        let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        let fits = text.starts_with(|c: char| c.is_ascii_lowercase()) && text.len() <= 40;
        if fits && text.chars().all(is_word) { Ok(Self(text.to_owned())) } else { Err(Unknown) }
    }
}

impl FromStr for Interval {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        Self::ALL.into_iter().find(|interval| interval.as_str() == text).ok_or(Unknown)
    }
}

impl fmt::Display for PlanCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plans_code_is_a_short_word_in_lower_case() {
        for code in ["pilot", "team", "team-2", "pro_eu"] {
            assert_eq!(code.parse::<PlanCode>().map(|plan| plan.to_string()), Ok(code.to_owned()));
        }
        for word in ["", "Pro", "2pro", "pro plan", "pr\u{f6}", "pro\n", &"p".repeat(41)] {
            assert_eq!(word.parse::<PlanCode>(), Err(Unknown), "{word}");
        }
    }

    #[test]
    fn a_lookup_key_tells_whether_a_price_is_free_before_the_metadata_does() {
        let keys = Keys { free: "promptforge_pilot".into(), paid: vec!["promptforge_pro".into()] };
        for (key, metadata, free) in [
            (Some("promptforge_pilot_month"), Some("pro"), true),
            (Some("promptforge_pro_month_eur"), Some("pilot"), false),
            (Some("promptforge_pilot"), None, false),
            (Some("promptforge_pilot_decade"), None, false),
            (Some("else"), Some("pilot"), true),
            (None, Some("pilot"), true),
            (None, Some("pro"), false),
            (None, None, false),
        ] {
            assert_eq!(keys.is_free(key, metadata), free, "{key:?} {metadata:?}");
        }
    }
}
