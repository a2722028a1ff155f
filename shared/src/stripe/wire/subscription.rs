//! Subscriptions, in every API version.

use jiff::Timestamp;
use serde::Deserialize;

use super::customer::ExpandableCustomer;
use super::discount::{IdOrDiscount, discounts};
use super::price::Price;
use super::schedule::{IdOrSchedule, schedule};
use super::{Expandable, List, Metadata, null_as_default, org_of, second, words};
use crate::domain::ids::{CustomerId, OrgId, SubscriptionId};
use crate::domain::status::Status;
use crate::domain::subscription::{Item, Snapshot};

/// A subscription as Stripe sends it.
#[derive(Debug, Deserialize)]
pub struct Subscription {
    id: String,
    /// Null where an account pays (`customer_account`).
    customer: Option<ExpandableCustomer>,
    status: String,
    /// Absent in old API versions, which have one of the other two.
    created: Option<i64>,
    start_date: Option<i64>,
    start: Option<i64>,
    /// Absent in old API versions: then the event's counts.
    #[serde(default, deserialize_with = "null_as_default")]
    livemode: bool,
    #[serde(default)]
    metadata: Metadata,
    #[serde(default, deserialize_with = "null_as_default")]
    items: List<SubscriptionItem>,
    pause_collection: Option<PauseCollection>,
    #[serde(default, deserialize_with = "null_as_default")]
    cancel_at_period_end: bool,
    cancel_at: Option<i64>,
    trial_end: Option<i64>,
    test_clock: Option<Expandable>,
    #[serde(default, deserialize_with = "null_as_default")]
    discounts: Vec<IdOrDiscount>,
    /// Until 2025-03-31.basil: the first of them.
    discount: Option<IdOrDiscount>,
    schedule: Option<IdOrSchedule>,
    /// Until 2025-03-31.basil; then on the items.
    current_period_start: Option<i64>,
    current_period_end: Option<i64>,
    /// Before subscriptions had items.
    plan: Option<Price>,
    quantity: Option<i64>,
}

/// One of the things that it sells.
#[derive(Debug, Deserialize)]
pub struct SubscriptionItem {
    price: Option<Price>,
    /// Before there were prices.
    plan: Option<Price>,
    quantity: Option<i64>,
    current_period_start: Option<i64>,
    current_period_end: Option<i64>,
    #[serde(default, deserialize_with = "null_as_default")]
    discounts: Vec<IdOrDiscount>,
}

#[derive(Debug, Deserialize)]
struct PauseCollection {
    behavior: Option<String>,
}

impl Subscription {
    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// There are more items than stand in it: Stripe cuts a list inside of an object.
    pub fn is_cut(&self) -> bool {
        self.items.has_more
    }

    /// The same with all of its items.
    #[must_use]
    pub fn with_items(self, data: Vec<SubscriptionItem>) -> Self {
        Self { items: List { data, has_more: false }, ..self }
    }
}

impl From<Subscription> for Snapshot {
    fn from(mut wire: Subscription) -> Self {
        let (customer, theirs) = match wire.customer {
            Some(customer) => (Some(CustomerId::from(customer.id)), org_of(&customer.metadata)),
            None => (None, None),
        };
        let mut orgs: Vec<OrgId> = org_of(&wire.metadata).into_iter().chain(theirs).collect();
        orgs.dedup();
        let of_items = wire.items.data.iter_mut().flat_map(|item| item.discounts.drain(..)).collect();
        let mut items: Vec<Item> = wire.items.data.into_iter().map(Item::from).collect();
        if items.is_empty() {
            items.push(item(wire.plan, None, wire.quantity, None));
        }
        // Of items that are paid by different intervals, what was paid last began last: of that the payment
        // fails. (Old versions say of all only the shortest.) When the plan's ends, each item says.
        let begins = items.iter().filter_map(|item| item.period).map(|(start, _)| start).max();
        let period = period(wire.current_period_start, wire.current_period_end)
            .or_else(|| Some((begins?, items.iter().find_map(|item| item.period)?.1)));
        let cancel_at = wire.cancel_at.and_then(second);
        Self {
            id: SubscriptionId::from(wire.id),
            customer,
            orgs,
            livemode: wire.livemode,
            status: Status::from(wire.status),
            pause_behavior: wire.pause_collection.and_then(|pause| pause.behavior),
            items,
            metadata_plan: wire.metadata.get("plan_code").map(plan_code),
            period,
            cancel_at_period_end: wire.cancel_at_period_end,
            cancel_at: cancel_at.or(period.filter(|_| wire.cancel_at_period_end).map(|(_, end)| end)),
            trial_end: wire.trial_end.and_then(second),
            test_clock: wire.test_clock.map(|clock| clock.0),
            discounts: discounts(wire.discounts, wire.discount, of_items),
            schedule: schedule(wire.schedule),
            created: wire.created.or(wire.start_date).or(wire.start).and_then(second).unwrap_or_default(),
        }
    }
}

impl From<SubscriptionItem> for Item {
    fn from(wire: SubscriptionItem) -> Self {
        let period = period(wire.current_period_start, wire.current_period_end);
        item(wire.price, wire.plan, wire.quantity, period)
    }
}

pub(super) fn item(
    price: Option<Price>,
    plan: Option<Price>,
    quantity: Option<i64>,
    period: Option<(Timestamp, Timestamp)>,
) -> Item {
    let price = price.or(plan).unwrap_or_default();
    let said = price.metadata.get("seats_per_unit").map(|text| text.trim().parse::<i32>().ok());
    let seats = said.flatten().filter(|seats| *seats >= 0);
    Item {
        plan_code: price.metadata.get("plan_code").map(plan_code),
        seats,
        flags: price.metadata.get("addon_flags").map(words),
        unreadable: (said.is_some() && seats.is_none()).then_some("seats_per_unit"),
        price: price.id,
        lookup_key: price.lookup_key,
        interval: price.recurring.interval.or(price.interval),
        interval_count: price.recurring.interval_count.or(price.interval_count),
        currency: price.currency,
        quantity: quantity.and_then(|q| q.max(0).try_into().ok()),
        period,
    }
}

/// As somebody typed it.
fn plan_code(text: &str) -> String {
    text.trim().to_lowercase()
}

fn period(start: Option<i64>, end: Option<i64>) -> Option<(Timestamp, Timestamp)> {
    Some((second(start?)?, second(end?)?))
}
