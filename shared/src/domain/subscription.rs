//! A subscription's state as one event or one read of Stripe showed it. Which plan it is for, the database
//! decides: there is the catalogue, and what is known of its prices from before
//! (`billing_private.snapshot_row`).

use jiff::Timestamp;

use crate::domain::discount::Discount;
use crate::domain::ids::{CustomerId, OrgId, SubscriptionId};
use crate::domain::plan::Keys;
use crate::domain::schedule::Schedule;
use crate::domain::status::Status;

/// One item of a subscription: what is paid for, and how many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// Stripe's price (a plan in old API versions).
    pub price: Option<String>,
    /// The price's lookup key.
    pub lookup_key: Option<String>,
    /// The price's `metadata.plan_code`, trimmed and in lower case. None: it has no such entry.
    pub plan_code: Option<String>,
    /// `day`, `week`, `month` or `year`.
    pub interval: Option<String>,
    /// Paid once in so many intervals. None: Stripe did not say.
    pub interval_count: Option<i32>,
    /// ISO 4217, lower case. None: Stripe did not say.
    pub currency: Option<String>,
    /// How many. None: usage-based, counts as one.
    pub quantity: Option<i32>,
    /// The price's `metadata.seats_per_unit`: it sells seats. None: no such entry, or one that is no number.
    pub seats: Option<i32>,
    /// The price's `metadata.addon_flags`: it sells an add-on. None: no such entry.
    pub flags: Option<Vec<String>>,
    /// The entry of the price's metadata that cannot be read. None: all can.
    pub unreadable: Option<&'static str>,
    /// The paid period, where the item carries it.
    pub period: Option<(Timestamp, Timestamp)>,
}

impl Item {
    /// Whether it may bind its customer to a plan: it sells neither seats nor an add-on, and is not known to
    /// be free.
    pub fn may_be_a_plan(&self, keys: &Keys) -> bool {
        let is_free = keys.is_free(self.lookup_key.as_deref(), self.plan_code.as_deref());
        self.seats.is_none() && self.flags.is_none() && !is_free && self.quantity != Some(0)
    }
}

/// The state of one subscription.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// Stripe's id of the subscription, `sub_...`.
    pub id: SubscriptionId,
    /// Stripe's id of who pays, `cus_...`. None: an account pays, or nobody any more.
    pub customer: Option<CustomerId>,
    /// The organizations that its metadata and its customer's name, in this order.
    pub orgs: Vec<OrgId>,
    /// Live mode, not test mode; said by Stripe.
    pub livemode: bool,
    /// Stripe's status, whatever it is.
    pub status: Status,
    /// Stripe's `pause_collection.behavior`. None: collection is not paused.
    pub pause_behavior: Option<String>,
    /// What is paid for. At least one.
    pub items: Vec<Item>,
    /// Its `metadata.plan_code`, trimmed and in lower case. None: it has no such entry.
    pub metadata_plan: Option<String>,
    /// Begin and end of the paid period: of several, the begin of the one that began last. None: Stripe did
    /// not say.
    pub period: Option<(Timestamp, Timestamp)>,
    /// Ends with the period.
    pub cancel_at_period_end: bool,
    /// When access ends. None: it is not canceled.
    pub cancel_at: Option<Timestamp>,
    /// When its trial ends or ended. None: it never had one.
    pub trial_end: Option<Timestamp>,
    /// Stripe's test clock that its time goes by. None: time goes by itself.
    pub test_clock: Option<String>,
    /// What is taken off its price: its own discounts, then those of its items. Empty: nothing.
    pub discounts: Vec<Discount>,
    /// What changes it at the end of the paid period. None: nothing does.
    pub schedule: Option<Schedule>,
    /// When it was made.
    pub created: Timestamp,
}

impl Snapshot {
    /// Whether Stripe would say more of its discounts or its schedule than their ids.
    pub fn is_open(&self) -> bool {
        !self.status.is_ended() && (self.discounts.iter().any(Discount::is_open) || self.has_open_schedule())
    }

    /// Whether Stripe would say more of its schedule than its id.
    pub fn has_open_schedule(&self) -> bool {
        self.schedule.as_ref().is_some_and(|schedule| schedule.planned.is_none())
    }

    /// Whether another subscription would charge its customer twice. One that is paused is taken up again,
    /// unless a trial ended without a payment method: then its trial reaches into the period.
    pub fn binds(&self, keys: &Keys) -> bool {
        let was_paid = self.trial_end.is_none_or(|end| self.period.is_some_and(|(begins, _)| begins > end));
        (self.status.is_live() || self.status == Status::Paused && was_paid)
            && self.items.iter().any(|item| item.may_be_a_plan(keys))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(lookup_key: Option<&str>, plan_code: Option<&str>) -> Item {
        Item {
            lookup_key: lookup_key.map(Into::into),
            plan_code: plan_code.map(Into::into),
            ..Item::default()
        }
    }

    #[test]
    fn a_price_that_nobody_knows_may_be_a_plan() {
        let keys = Keys { free: "promptforge_pilot".into(), paid: vec!["promptforge_pro".into()] };
        let free = [item(Some("promptforge_pilot_month"), None), item(None, Some("pilot"))];
        assert!(free.iter().all(|item| !item.may_be_a_plan(&keys)));
        let addon = Item { flags: Some(vec!["hasAPI".to_owned()]), ..Item::default() };
        let seats = Item { seats: Some(1), ..Item::default() };
        let none = Item { quantity: Some(0), ..item(Some("promptforge_pro_month"), None) };
        assert!([addon, seats, none].iter().all(|item| !item.may_be_a_plan(&keys)));
        let paid =
            [item(Some("promptforge_pro_month_eur"), None), item(None, None), item(Some("else"), None)];
        assert!(paid.iter().all(|item| item.may_be_a_plan(&keys)));
    }
}
