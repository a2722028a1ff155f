//! Everything the emulator knows: the tables of objects, the log of events, the time, and what tests asked
//! for.
//!
//! Objects are kept in the newest API version's shape. A field whose name starts with an underscore is the
//! emulator's own and never leaves it.

pub(crate) mod clock;
pub(crate) mod events;
pub(crate) mod faults;
pub(crate) mod idempotency;
mod ids;
mod kind;
pub(crate) mod lock;
pub(crate) mod outbox;
mod receiver;
pub(crate) mod state_file;
mod table;
mod test_clock;
pub(crate) mod thin;

use serde_json::Value;

use self::clock::Clock;
use self::events::{Cause, Delivery, Event, EventLog};
use self::faults::{Fault, RecordedRequest};
use self::idempotency::Replays;
pub(crate) use self::ids::random_id;
pub(crate) use self::kind::Kind;
use self::outbox::Post;
use self::receiver::Receiver;
use self::table::Table;
use crate::wire::errors::{Answer, ApiError};

/// One account at Stripe, as far as there is one here.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) url: String,
    pub(crate) livemode: bool,
    pub(crate) clock: Clock,
    tables: [Table; Kind::COUNT],
    pub(crate) events: EventLog,
    pub(crate) cause: Cause,
    /// What is to be sent to webhook endpoints once the lock is released.
    pub(crate) outbox: Vec<Post>,
    pub(crate) replays: Replays,
    pub(crate) faults: Vec<Fault>,
    pub(crate) requests: Vec<RecordedRequest>,
    /// Nobody has saved the portal's settings in the Dashboard, so there is no default configuration.
    pub(crate) portal_settings_unsaved: bool,
    /// Ids of objects that exist in the other mode of the account.
    pub(crate) other_mode: Vec<String>,
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
        self.table(kind).get(id).ok_or_else(|| {
            let mut missing = ApiError::no_such(kind.noun(), id, "id").status(404);
            if self.other_mode.iter().any(|other| other == id) {
                let (there, key) = if self.livemode { ("test", "live") } else { ("live", "test") };
                missing.message += &format!(
                    "; a similar object exists in {there} mode, but a {key} mode key was used to make this \
                     request."
                );
            }
            missing
        })
    }

    /// The object a parameter names; a 400 without it, and for a deleted one too.
    pub(crate) fn referenced(&self, kind: Kind, id: &str, param: &str) -> Result<&Value, ApiError> {
        let found = self.table(kind).get(id).filter(|object| object["deleted"] != true);
        found.ok_or_else(|| ApiError::no_such(kind.noun(), id, param))
    }

    pub(crate) fn receiver(&self, id: &str) -> Option<Receiver<'_>> {
        Kind::RECEIVERS.iter().find_map(|kind| self.table(*kind).get(id)).map(Receiver::new)
    }

    fn receivers(&self) -> impl Iterator<Item = Receiver<'_>> {
        Kind::RECEIVERS.iter().flat_map(|kind| self.rows(*kind)).map(Receiver::new)
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
            Kind::EventDestination if self.livemode => random_id("ed_61", 44),
            Kind::EventDestination => random_id("ed_test_61", 44),
            Kind::Coupon => random_id("", 8),
            other => random_id(other.prefix(), 24),
        }
    }

    /// Logs an event and addresses it to every endpoint and destination that wants it.
    pub(crate) fn emit(&mut self, kind: &str, object: &Value, before: Option<Value>) {
        let wanting = self.receivers().filter(|receiver| receiver.wants(kind));
        let wanting = wanting.map(|receiver| receiver.id().to_owned()).collect();
        self.emit_to(wanting, kind, object, before);
    }

    /// Logs an event and addresses it to these. Answers its id.
    pub(crate) fn emit_to(
        &mut self,
        receivers: Vec<String>,
        kind: &str,
        object: &Value,
        before: Option<Value>,
    ) -> String {
        let id = random_id("evt_1", 23);
        let deliveries: Vec<Delivery> = receivers.iter().map(|id| Delivery::first(id)).collect();
        self.outbox.extend(deliveries.iter().map(|delivery| Post::first(&id, &delivery.endpoint)));
        self.events.push(Event {
            id: id.clone(),
            kind: kind.to_owned(),
            created: self.now(),
            object: object.clone(),
            before,
            cause: self.cause.clone(),
            livemode: self.livemode,
            deliveries,
            is_owed: false,
        });
        self.has_changed = true;
        id
    }

    /// Sends what an earlier run left undelivered to a new endpoint or destination that wants it.
    pub(crate) fn address_owed(&mut self, row: &Value) {
        let receiver = Receiver::new(row);
        let owed = self.events.address_owed(receiver);
        self.outbox.extend(owed.iter().map(|event| Post::first(event, receiver.id())));
        self.has_changed = true;
    }

    pub(crate) fn delivery_mut(&mut self, event: &str, endpoint: &str) -> Option<&mut Delivery> {
        self.has_changed = true;
        self.events.delivery_mut(event, endpoint)
    }
}
