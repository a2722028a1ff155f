//! Subscription schedules, as a subscription names them or shows them, and as events carry them.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::price::Price;
use super::{Expandable, null_as_default, second};
use crate::domain::ids::{CustomerId, SubscriptionId};
use crate::domain::schedule::{Planned, Schedule};
use crate::domain::subscription::Item;

/// A schedule's id, as events of subscriptions carry it, or the whole schedule.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum IdOrSchedule {
    Id(String),
    Schedule(Box<Whole>),
    /// One that nobody can read shall not hide its subscription.
    Unreadable(IgnoredAny),
}

#[derive(Debug, Deserialize)]
pub(super) struct Whole {
    id: String,
    current_phase: Option<CurrentPhase>,
    #[serde(default, deserialize_with = "null_as_default")]
    phases: Vec<Phase>,
}

#[derive(Debug, Deserialize)]
struct CurrentPhase {
    start_date: i64,
}

#[derive(Debug, Deserialize)]
struct Phase {
    start_date: i64,
    #[serde(default, deserialize_with = "null_as_default")]
    items: Vec<PhaseItem>,
}

#[derive(Debug, Deserialize)]
struct PhaseItem {
    price: Option<Price>,
    /// Before there were prices.
    plan: Option<Price>,
    quantity: Option<i64>,
}

/// A schedule that an event is about: only whose it is.
#[derive(Debug, Deserialize)]
pub struct NamedSchedule {
    customer: Option<Expandable>,
    subscription: Option<Expandable>,
}

impl NamedSchedule {
    /// Who pays.
    pub fn customer(&self) -> Option<CustomerId> {
        self.customer.as_ref().map(|id| CustomerId::from(id.0.as_str()))
    }

    /// What it changes. None: it has not begun, or is over.
    pub fn subscription(&self) -> Option<SubscriptionId> {
        self.subscription.as_ref().map(|id| SubscriptionId::from(id.0.as_str()))
    }
}

/// None: there is none, or none that can be read.
pub(super) fn schedule(wire: Option<IdOrSchedule>) -> Option<Schedule> {
    match wire? {
        IdOrSchedule::Id(id) => Some(Schedule { id, planned: None }),
        IdOrSchedule::Schedule(whole) => {
            Some(Schedule { id: whole.id.clone(), planned: Some(planned(*whole)) })
        }
        IdOrSchedule::Unreadable(_) => None,
    }
}

/// The first phase after the one that the subscription is in.
fn planned(whole: Whole) -> Planned {
    let begun = whole.current_phase.map(|phase| phase.start_date);
    let ahead = whole.phases.into_iter().filter(|phase| begun.is_some_and(|begun| phase.start_date > begun));
    let next = ahead.min_by_key(|phase| phase.start_date);
    match next.and_then(|phase| Some((second(phase.start_date)?, phase.items))) {
        Some((at, items)) => Planned::Next { at, items: items.into_iter().map(Item::from).collect() },
        None => Planned::Nothing,
    }
}

impl From<PhaseItem> for Item {
    fn from(wire: PhaseItem) -> Self {
        super::subscription::item(wire.price, wire.plan, wire.quantity, None)
    }
}
