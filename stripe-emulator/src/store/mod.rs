//! Everything the emulator knows, behind one lock: the tables of objects and the log of events.
//!
//! Objects are kept in the newest API version's shape. A field whose name starts with an underscore is the
//! emulator's own and never leaves it.

pub(crate) mod clock;
pub(crate) mod events;
pub(crate) mod faults;
pub(crate) mod idempotency;
pub(crate) mod state_file;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::clock::Clock;
use self::events::EventLog;
use self::faults::{Fault, RecordedRequest};
use self::idempotency::Replays;
use crate::delivery::post_office::Post;
use crate::wire::errors::{Answer, ApiError};

/// The kinds of stored objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Customer,
    Product,
    Price,
    CheckoutSession,
    PortalSession,
    PortalConfiguration,
    SubscriptionSchedule,
    Subscription,
    Invoice,
    WebhookEndpoint,
    TestClock,
}

const KINDS: [(Kind, &str, &str); 11] = [
    (Kind::Customer, "cus_", "customer"),
    (Kind::Product, "prod_", "product"),
    (Kind::Price, "price_", "price"),
    (Kind::CheckoutSession, "cs_", "checkout.session"),
    (Kind::PortalSession, "bps_", "billing_portal.session"),
    (Kind::PortalConfiguration, "bpc_", "configuration"),
    // Before the subscriptions, whose prefix its own begins with.
    (Kind::SubscriptionSchedule, "sub_sched_", "subscription schedule"),
    (Kind::Subscription, "sub_", "subscription"),
    (Kind::Invoice, "in_", "invoice"),
    (Kind::WebhookEndpoint, "we_", "webhook endpoint"),
    (Kind::TestClock, "clock_", "test clock"),
];

impl Kind {
    pub(crate) fn all() -> impl Iterator<Item = Kind> {
        KINDS.iter().map(|(kind, ..)| *kind)
    }

    /// The kind an id names by its prefix.
    pub(crate) fn of_id(id: &str) -> Option<Kind> {
        KINDS.iter().find(|(_, prefix, _)| id.starts_with(prefix)).map(|(kind, _, _)| *kind)
    }

    /// What Stripe's error messages call it.
    pub(crate) fn noun(self) -> &'static str {
        KINDS[self as usize].2
    }

    pub(crate) fn prefix(self) -> &'static str {
        KINDS[self as usize].1
    }
}

/// Objects of one kind, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Value>,
    index: HashMap<String, usize>,
}

impl Table {
    pub(crate) fn rows(&self) -> &[Value] {
        &self.rows
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Value> {
        self.index.get(id).map(|position| &self.rows[*position])
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut Value> {
        self.index.get(id).map(|position| &mut self.rows[*position])
    }

    fn insert(&mut self, object: Value) {
        self.index.insert(text(&object["id"]).to_owned(), self.rows.len());
        self.rows.push(object);
    }

    fn remove(&mut self, id: &str) {
        self.rows.retain(|row| row["id"] != id);
        self.index =
            self.rows.iter().enumerate().map(|(at, row)| (text(&row["id"]).to_owned(), at)).collect();
    }
}

/// The API call that is being worked on, for the `request` of the events it causes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Cause {
    pub(crate) request: Option<String>,
    pub(crate) idempotency_key: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) url: String,
    pub(crate) livemode: bool,
    pub(crate) clock: Clock,
    tables: [Table; KINDS.len()],
    pub(crate) events: EventLog,
    pub(crate) cause: Cause,
    /// What is to be sent to webhook endpoints once the lock is released.
    pub(crate) outbox: Vec<Post>,
    pub(crate) replays: Replays,
    pub(crate) faults: Vec<Fault>,
    pub(crate) requests: Vec<RecordedRequest>,
    /// Nobody has saved the portal's settings in the Dashboard, so there is no default configuration.
    pub(crate) portal_settings_unsaved: bool,
    /// Whether there is something to keep that the state file does not hold yet.
    pub(crate) has_changed: bool,
}

impl Store {
    pub(crate) fn new(url: &str, livemode: bool) -> Store {
        Store { url: url.to_owned(), livemode, ..Store::default() }
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.now()
    }

    pub(crate) fn table(&self, kind: Kind) -> &Table {
        &self.tables[kind as usize]
    }

    pub(crate) fn table_mut(&mut self, kind: Kind) -> &mut Table {
        self.has_changed = true;
        &mut self.tables[kind as usize]
    }

    pub(crate) fn rows(&self, kind: Kind) -> &[Value] {
        self.table(kind).rows()
    }

    /// The object a path names; a 404 without it.
    pub(crate) fn get(&self, kind: Kind, id: &str) -> Result<&Value, ApiError> {
        self.table(kind).get(id).ok_or_else(|| ApiError::no_such(kind.noun(), id, "id").status(404))
    }

    /// The object a parameter names; a 400 without it, and for a deleted one too.
    pub(crate) fn referenced(&self, kind: Kind, id: &str, param: &str) -> Result<&Value, ApiError> {
        let found = self.table(kind).get(id).filter(|object| object["deleted"] != true);
        found.ok_or_else(|| ApiError::no_such(kind.noun(), id, param))
    }

    pub(crate) fn insert(&mut self, kind: Kind, object: Value) -> Value {
        self.table_mut(kind).insert(object.clone());
        object
    }

    pub(crate) fn remove(&mut self, kind: Kind, id: &str) {
        self.table_mut(kind).remove(id);
    }

    /// Changes an object without an event.
    pub(crate) fn alter(&mut self, kind: Kind, id: &str, change: impl FnOnce(&mut Value)) -> Answer {
        self.get(kind, id)?;
        let row = self.table_mut(kind).get_mut(id);
        Ok(row.map_or(Value::Null, |row| {
            change(row);
            row.clone()
        }))
    }

    /// Changes an object and tells of it, unless nothing changed.
    pub(crate) fn change(
        &mut self,
        kind: Kind,
        id: &str,
        event: &str,
        change: impl FnOnce(&mut Value),
    ) -> Answer {
        let before = self.get(kind, id)?.clone();
        let after = self.alter(kind, id, change)?;
        if after != before {
            self.emit(event, &after, Some(before));
        }
        Ok(after)
    }

    pub(crate) fn new_id(&self, kind: Kind) -> String {
        match kind {
            Kind::CheckoutSession if self.livemode => random_id("cs_live_a1", 58),
            Kind::CheckoutSession => random_id("cs_test_a1", 58),
            other => random_id(other.prefix(), 24),
        }
    }
}

/// A fresh id: the prefix and `length` random letters and digits.
pub(crate) fn random_id(prefix: &str, length: usize) -> String {
    let random = std::iter::repeat_with(fastrand::alphanumeric).take(length);
    prefix.chars().chain(random).collect()
}

/// A JSON text, empty for anything else.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A JSON integer, zero for anything else.
pub(crate) fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_default()
}
