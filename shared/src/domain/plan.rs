//! The plans, how often they are paid, and the lookup keys of their Stripe prices. What they switch on is in
//! the database.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Serialize;

/// A plan, in order of rank: of several the greatest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PlanCode {
    /// What everybody has.
    Pilot,
    /// For one person.
    Pro,
    /// For teams.
    Enterprise,
}

/// How often a subscription is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
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

impl PlanCode {
    /// Every plan, lowest rank first.
    pub const ALL: [Self; 3] = [Self::Pilot, Self::Pro, Self::Enterprise];

    /// The code in the database, in metadata and in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pilot => "pilot",
            Self::Pro => "pro",
            Self::Enterprise => "enterprise",
        }
    }

    /// The lookup key of the plan's Stripe price. None where the plan is not sold by that interval.
    pub fn lookup_key(self, interval: Interval) -> Option<String> {
        let sold = self != Self::Pilot || interval == Interval::Month;
        sold.then(|| format!("promptforge_{self}_{interval}"))
    }

    /// The plan that a price with this lookup key sells. What follows the interval after an underscore, a
    /// currency or a version, is free.
    pub fn from_lookup_key(key: &str) -> Option<Self> {
        let mut parts = key.strip_prefix("promptforge_")?.split('_');
        let plan = parts.next()?.parse().ok()?;
        parts.next()?.parse::<Interval>().ok()?;
        Some(plan)
    }
}

impl Interval {
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

    fn from_str(text: &str) -> Result<Self, Unknown> {
        Self::ALL.into_iter().find(|plan| plan.as_str() == text).ok_or(Unknown)
    }
}

impl FromStr for Interval {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        [Self::Month, Self::Year].into_iter().find(|interval| interval.as_str() == text).ok_or(Unknown)
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
    fn five_prices_are_sold_and_each_lookup_key_leads_back_to_its_plan() {
        let mut sold = 0;
        for plan in PlanCode::ALL {
            for interval in [Interval::Month, Interval::Year] {
                if let Some(key) = plan.lookup_key(interval) {
                    assert_eq!(PlanCode::from_lookup_key(&key), Some(plan));
                    sold += 1;
                }
            }
        }
        assert_eq!(sold, 5);
        assert_eq!(PlanCode::Pilot.lookup_key(Interval::Year), None);
    }

    #[test]
    fn foreign_lookup_keys_are_no_plan_of_ours() {
        for key in [
            "",
            "promptforge_pro",
            "promptforge_pro_week",
            "other_pro_month",
            "promptforge__month",
            "promptforge_Pro_month",
        ] {
            assert_eq!(PlanCode::from_lookup_key(key), None, "{key}");
        }
    }
}
