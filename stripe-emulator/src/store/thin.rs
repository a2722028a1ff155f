//! The thin form of an event (`object: v2.core.event`): what it is about is named, and not carried.

use serde_json::{Map, Value, json};

use super::events::{Cause, Event, EventLog};
use crate::wire::time::date_time;
use crate::wire::value::text;
use crate::wire::versions::{NEWEST, previous_attributes, render};

/// How ids of thin events begin. The rest is the snapshot event's.
const PREFIXES: [&str; 2] = ["evt_test_65", "evt_65"];

/// The type of a destination's ping, which has no snapshot event.
pub(crate) const PING: &str = "v2.core.event_destination.ping";

impl EventLog {
    /// The event of a thin event's id.
    pub(crate) fn by_thin_id(&self, id: &str) -> Option<&Event> {
        let rest = PREFIXES.iter().find_map(|prefix| id.strip_prefix(prefix))?;
        self.get(&format!("evt_{rest}")).filter(|event| event.thin_id() == id)
    }

    /// The event of either form's id.
    pub(crate) fn find(&self, id: &str) -> Option<&Event> {
        self.get(id).or_else(|| self.by_thin_id(id))
    }

    /// Every event that has a snapshot form, oldest first.
    pub(crate) fn snapshots(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.all().iter().filter(|event| event.has_snapshot())
    }
}

impl Event {
    /// Whether API v1 knows it.
    pub(crate) fn has_snapshot(&self) -> bool {
        self.kind != PING
    }

    pub(crate) fn thin_id(&self) -> String {
        let [test, live] = PREFIXES;
        let rest = self.id.strip_prefix("evt_").unwrap_or_default();
        format!("{}{rest}", if self.livemode { live } else { test })
    }

    pub(crate) fn thin_kind(&self) -> String {
        if self.has_snapshot() { format!("v1.{}", self.kind) } else { self.kind.clone() }
    }

    /// What it is about, by id.
    pub(crate) fn object_id(&self) -> &str {
        text(&self.object["id"])
    }

    /// What a thin destination is sent.
    pub(crate) fn render_thin(&self) -> Value {
        let (object, id) = (text(&self.object["object"]), self.object_id());
        // `checkout.session` is read at `/v1/checkout/sessions`.
        let version = if object.starts_with("v2.") { "" } else { "v1/" };
        let mut thin = json!({
            "id": self.thin_id(),
            "object": "v2.core.event",
            "context": null,
            "created": date_time(self.created),
            "livemode": self.livemode,
            "reason": reason(&self.cause),
            "related_object": {
                "id": id,
                "type": object,
                "url": format!("/{version}{}s/{id}", object.replace('.', "/")),
            },
            "type": self.thin_kind(),
        });
        if self.has_snapshot() {
            thin["snapshot_event"] = json!(self.id);
        }
        thin
    }

    /// What the API answers for it: what changed, too.
    pub(crate) fn render_fetched(&self) -> Value {
        let mut fetched = self.render_thin();
        fetched["changes"] = self.changes();
        fetched["data"] = Value::Null;
        fetched
    }

    /// The values that changed, before and after. Null: it was not a change.
    fn changes(&self) -> Value {
        let Some(before) = &self.before else { return Value::Null };
        let after = render(&self.object, NEWEST);
        let before = previous_attributes(&render(before, NEWEST), &after);
        json!({ "before": before, "after": same_fields(&before, &after) })
    }
}

/// What `of` has in the fields that `like` has.
fn same_fields(like: &Value, of: &Value) -> Value {
    let (Some(fields), Some(object)) = (like.as_object(), of.as_object()) else { return of.clone() };
    let field = |(name, like): (&String, &Value)| {
        let value = object.get(name).unwrap_or(&Value::Null);
        (name.clone(), same_fields(like, value))
    };
    Value::Object(fields.iter().map(field).collect::<Map<_, _>>())
}

fn reason(cause: &Cause) -> Value {
    match &cause.request {
        Some(id) => {
            json!({ "type": "request", "request": { "id": id, "idempotency_key": cause.idempotency_key } })
        }
        None => Value::Null,
    }
}
