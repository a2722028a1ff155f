//! A subscription's state as one event or one read of Stripe showed it, and which plan it is for.

use jiff::Timestamp;

use crate::domain::ids::{CustomerId, OrgId, SubscriptionId};
use crate::domain::plan::PlanCode;
use crate::domain::status::Status;

/// One item of a subscription: what is paid for, and how many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// Stripe's price (a plan in old API versions).
    pub price: Option<String>,
    /// The price's lookup key.
    pub lookup_key: Option<String>,
    /// The price's `metadata.plan_code`. None: it has no such entry.
    pub plan_code: Option<String>,
    /// `day`, `week`, `month` or `year`.
    pub interval: Option<String>,
    /// How many. None: usage-based, counts as one.
    pub quantity: Option<i32>,
    /// The paid period, where the item carries it.
    pub period: Option<(Timestamp, Timestamp)>,
}

impl Item {
    /// The plan that its price sells.
    fn plan(&self) -> Option<PlanCode> {
        let by_key = self.lookup_key.as_deref().and_then(PlanCode::from_lookup_key);
        by_key.or_else(|| self.plan_code.as_deref()?.parse().ok())
    }
}

/// The state of one subscription.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// Stripe's id of the subscription, `sub_...`.
    pub id: SubscriptionId,
    /// Stripe's id of who pays, `cus_...`.
    pub customer: CustomerId,
    /// The organization that its metadata names. None: none, or no UUID.
    pub org: Option<OrgId>,
    /// Live mode, not test mode; said by Stripe.
    pub livemode: bool,
    /// Stripe's status, whatever it is.
    pub status: Status,
    /// Stripe's `pause_collection.behavior`. None: collection is not paused.
    pub pause_behavior: Option<String>,
    /// The plan, and whether something said so.
    pub plan: Plan,
    /// The item that decided the plan.
    pub item: Item,
    /// Begin and end of the paid period. None: Stripe did not say.
    pub period: Option<(Timestamp, Timestamp)>,
    /// Ends with the period.
    pub cancel_at_period_end: bool,
    /// When access ends. None: it is not canceled.
    pub cancel_at: Option<Timestamp>,
    /// When its trial ends or ended. None: it never had one.
    pub trial_end: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
}

/// Which plan a subscription is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// A price or the metadata says so.
    Known(PlanCode),
    /// Nothing says so: it counts as pilot, and somebody should look.
    Unknown,
}

impl Plan {
    /// The plan it counts as.
    pub fn code(self) -> PlanCode {
        match self {
            Self::Known(code) => code,
            Self::Unknown => PlanCode::Pilot,
        }
    }
}

/// Finds the plan of a subscription and the item that decides it: the highest rank among the items' prices,
/// because a change in the customer portal changes the price and not the metadata; then the subscription's
/// `metadata.plan_code`.
pub fn resolve_plan(items: Vec<Item>, metadata_plan: Option<&str>) -> (Plan, Item) {
    // max_by_key takes the last of equals: reversed, the first item of the highest rank decides.
    let decided =
        items.iter().rev().filter_map(|item| Some((item.plan()?, item))).max_by_key(|(plan, _)| *plan);
    if let Some((plan, item)) = decided {
        return (Plan::Known(plan), item.clone());
    }
    let plan = metadata_plan.and_then(|code| code.parse().ok()).map_or(Plan::Unknown, Plan::Known);
    (plan, items.into_iter().next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(lookup_key: Option<&str>, plan_code: Option<&str>, quantity: i32) -> Item {
        Item {
            lookup_key: lookup_key.map(Into::into),
            plan_code: plan_code.map(Into::into),
            quantity: Some(quantity),
            ..Item::default()
        }
    }

    #[test]
    fn the_price_decides_before_the_metadata() {
        let (plan, _) =
            resolve_plan(vec![item(Some("promptforge_enterprise_month"), Some("pro"), 1)], Some("pro"));
        assert_eq!(plan, Plan::Known(PlanCode::Enterprise));
        let (plan, _) = resolve_plan(vec![item(Some("else"), Some("pro"), 1)], Some("enterprise"));
        assert_eq!(plan, Plan::Known(PlanCode::Pro));
        let (plan, _) = resolve_plan(vec![item(None, None, 1)], Some("enterprise"));
        assert_eq!(plan, Plan::Known(PlanCode::Enterprise));
    }

    #[test]
    fn of_several_items_the_highest_rank_decides_with_its_quantity() {
        let items = vec![
            item(Some("promptforge_pro_month"), None, 9),
            item(Some("promptforge_enterprise_year"), None, 3),
            item(None, None, 7),
        ];
        let (plan, decisive) = resolve_plan(items, None);
        assert_eq!((plan, decisive.quantity), (Plan::Known(PlanCode::Enterprise), Some(3)));
    }

    #[test]
    fn nothing_that_says_so_counts_as_pilot() {
        for (items, metadata) in [(vec![], None), (vec![item(None, Some("gold"), 2)], Some("gold"))] {
            let (plan, _) = resolve_plan(items, metadata);
            assert_eq!((plan, plan.code()), (Plan::Unknown, PlanCode::Pilot));
        }
    }
}
