//! A subscription of the organization: what it sells, whose it is, and whether it grants that.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::domain::discount::Discount;
use shared::domain::status::Status;

use crate::organization::Organization;
use crate::words;

/// A row of `billing.subscriptions`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Subscription {
    /// Stripe's id, `sub_...`.
    pub stripe_subscription_id: String,
    /// Stripe's id of who pays. None: an account pays, and no customer.
    pub stripe_customer_id: Option<String>,
    /// Named by metadata, or paid by the organization's customer. False: somebody else bought it for the
    /// organization through a link.
    pub own: bool,
    /// The organization whose customer pays. None: the customer is nobody's that we know.
    pub customer_of: Option<Organization>,
    /// Live mode, not test mode.
    pub livemode: bool,
    /// It is of the mode whose payments count.
    pub counts: bool,
    /// Stripe's status, such as `active` or `past_due`.
    pub status: Status,
    /// `pause_collection.behavior`; `void` grants nothing.
    pub pause_behavior: Option<String>,
    /// What it is for.
    pub plan_code: String,
    /// The first price that sells nothing we know of. None: all are known.
    pub unknown_price: Option<String>,
    /// How often it is paid.
    pub billing_interval: Option<String>,
    /// It is paid once in so many intervals.
    pub interval_count: Option<i64>,
    /// Three letters, lower case.
    pub currency: Option<String>,
    /// How many times the plan was bought.
    pub quantity: i32,
    /// What is paid for.
    pub items: Vec<Item>,
    /// What is taken off its price: its own discounts, then those of its items.
    pub discounts: Vec<Discount>,
    /// What was paid for last: that a `past_due` subscription grants. None: it was never paid.
    pub paid_items: Option<Vec<Item>>,
    /// When the period began that was paid last.
    pub paid_period_start: Option<Timestamp>,
    /// When the paid period ends.
    pub current_period_end: Option<Timestamp>,
    /// It ends with the period.
    pub cancel_at_period_end: bool,
    /// When it ends, if it is canceled.
    pub cancel_at: Option<Timestamp>,
    /// When its trial ends or ended.
    pub trial_end: Option<Timestamp>,
    /// Since when a payment is open.
    pub past_due_since: Option<Timestamp>,
    /// Until when it grants its plan nevertheless.
    pub grace_until: Option<Timestamp>,
    /// The same on our clock, which a test clock runs ahead of.
    pub granted_until: Option<Timestamp>,
    /// Stripe's test clock that its time goes by.
    pub test_clock: Option<String>,
    /// That clock's time.
    pub test_clock_at: Option<Timestamp>,
    /// When Stripe made it.
    pub stripe_created_at: Timestamp,
    /// When we last wrote it.
    pub updated_at: Timestamp,
    /// When we learned that it ended.
    pub ended_at: Option<Timestamp>,
}

/// An item: a plan, extra seats, an add-on, or what nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Item {
    /// Stripe's id of its price.
    pub price: Option<String>,
    /// The plan that it sells.
    pub plan: Option<String>,
    /// How many. None: what was used is paid, and it counts as one.
    pub quantity: Option<i64>,
    /// Seats that each unit sells.
    pub seats: Option<i64>,
    /// The flags of the add-on that it sells.
    pub flags: Option<Vec<String>>,
}

impl Item {
    fn count(&self) -> i64 {
        self.quantity.unwrap_or(1)
    }

    /// `pro x 2`, `10 extra seats`, `add-on hasAPI`, or the price that sells nothing we know of.
    fn told(&self) -> String {
        let what = match (&self.plan, self.seats, &self.flags) {
            (Some(plan), None, _) => plan.clone(),
            (_, Some(seats), _) => {
                let seats = u64::try_from(seats.saturating_mul(self.count())).unwrap_or_default();
                return words::counted(seats, "extra seat");
            }
            (None, None, Some(flags)) => {
                let none = if self.count() == 0 { " x 0" } else { "" };
                return format!("add-on {}{none}", flags.join(", "));
            }
            (None, None, None) => format!("unknown {}", self.price.as_deref().unwrap_or("price")),
        };
        format!("{what} x {}", self.count())
    }
}

/// What items sell, in a few words: `enterprise x 2 + 10 extra seats`.
pub fn told(items: &[Item]) -> String {
    items.iter().map(Item::told).collect::<Vec<_>>().join(" + ")
}

impl Subscription {
    /// It grants a plan.
    pub fn grants(&self, now: Timestamp) -> bool {
        let granted = match self.status {
            Status::PastDue if self.granted_until.is_some_and(|until| until > now) => {
                self.paid_items.as_ref()
            }
            Status::PastDue => None,
            _ => Some(&self.items),
        };
        let sells_a_plan =
            |items: &Vec<Item>| items.iter().any(|item| item.plan.is_some() && item.count() > 0);
        self.counts
            && self.status.is_granting()
            && self.pause_behavior.as_deref() != Some("void")
            && granted.is_some_and(sells_a_plan)
    }

    /// What it sells and how it is charged: `pro x 1 every 3 months in EUR`.
    pub fn sells(&self) -> String {
        let interval = self.billing_interval.as_deref();
        let every = interval.map(|interval| words::every(interval, self.interval_count.unwrap_or(1)));
        let currency = self.currency.as_ref().map(|currency| format!("in {}", currency.to_uppercase()));
        let what = match self.items.as_slice() {
            [] => "nothing".to_owned(),
            items => told(items),
        };
        [Some(what), every, currency].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// What was paid last, while a payment for something else is open: a change whose payment failed. None:
    /// the same is to be paid.
    pub fn paid_last(&self) -> Option<String> {
        let sold = |item: &Item| (item.plan.clone(), item.count(), item.seats, item.flags.clone());
        let paid = self.paid_items.as_ref().filter(|_| self.status == Status::PastDue)?;
        let same = paid.iter().map(sold).eq(self.items.iter().map(sold));
        (!same).then(|| told(paid))
    }

    /// Its id, and who bought it if the organization did not.
    pub fn called(&self) -> String {
        let id = &self.stripe_subscription_id;
        match (&self.stripe_customer_id, self.own) {
            (_, true) => id.clone(),
            (Some(customer), false) => format!("{id} (bought through a link by {customer})"),
            (None, false) => format!("{id} (bought through a link by somebody else)"),
        }
    }
}
