//! Events: the log, what became of each at each endpoint, and how one is rendered for an API version.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::receiver::Receiver;
use crate::wire::value::text;
use crate::wire::versions::{previous_attributes, render};

/// The API call that is being worked on, for the `request` of the events it causes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Cause {
    pub(crate) request: Option<String>,
    pub(crate) idempotency_key: Option<String>,
}

/// Every event so far, oldest first.
#[derive(Debug, Default)]
pub(crate) struct EventLog {
    events: Vec<Event>,
    index: HashMap<String, usize>,
}

/// One event: the object as it was, and where it was sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) created: i64,
    pub(super) object: Value,
    pub(super) before: Option<Value>,
    pub(super) cause: Cause,
    pub(super) livemode: bool,
    pub(crate) deliveries: Vec<Delivery>,
    /// Whether it was on its way when an earlier run ended: it goes to the endpoints that are registered
    /// anew.
    pub(super) is_owed: bool,
}

/// What became of an event at one endpoint or destination.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Delivery {
    pub(crate) endpoint: String,
    pub(crate) state: DeliveryState,
    /// The status of every attempt; 0 when nobody answered.
    pub(crate) attempts: Vec<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeliveryState {
    Pending,
    Held,
    Succeeded,
    Failed,
    Dropped,
}

impl Delivery {
    pub(super) fn first(endpoint: &str) -> Delivery {
        Delivery { endpoint: endpoint.to_owned(), state: DeliveryState::Pending, attempts: Vec::new() }
    }

    fn is_done(&self) -> bool {
        matches!(self.state, DeliveryState::Succeeded | DeliveryState::Dropped)
    }
}

impl DeliveryState {
    pub(crate) fn name(self) -> &'static str {
        match self {
            DeliveryState::Pending => "pending",
            DeliveryState::Held => "held",
            DeliveryState::Succeeded => "succeeded",
            DeliveryState::Failed => "failed",
            DeliveryState::Dropped => "dropped",
        }
    }
}

impl EventLog {
    pub(crate) fn all(&self) -> &[Event] {
        &self.events
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Event> {
        self.index.get(id).map(|position| &self.events[*position])
    }

    pub(super) fn delivery_mut(&mut self, event: &str, endpoint: &str) -> Option<&mut Delivery> {
        let event = &mut self.events[*self.index.get(event)?];
        event.deliveries.iter_mut().find(|delivery| delivery.endpoint == endpoint)
    }

    pub(super) fn push(&mut self, event: Event) {
        self.index.insert(event.id.clone(), self.events.len());
        self.events.push(event);
    }

    /// Addresses what an earlier run left undelivered to a new endpoint that wants it. Answers the ids of
    /// these events.
    pub(super) fn address_owed(&mut self, receiver: Receiver<'_>) -> Vec<String> {
        let wanted = |event: &&mut Event| {
            let is_done = event.deliveries.iter().any(Delivery::is_done);
            event.is_owed && !is_done && receiver.wants(&event.kind)
        };
        let owed = self.events.iter_mut().filter(wanted).map(|event| {
            event.deliveries.push(Delivery::first(receiver.id()));
            event.id.clone()
        });
        owed.collect()
    }

    /// Takes over the events of an earlier run, whose endpoints are gone.
    pub(super) fn restore(&mut self, events: Vec<Event>) {
        for mut event in events {
            let was_addressed = event.is_owed || !event.deliveries.is_empty();
            event.deliveries.retain(Delivery::is_done);
            event.is_owed = was_addressed && event.deliveries.is_empty();
            self.push(event);
        }
    }
}

impl Event {
    /// The event as an endpoint or a caller of this API version sees it.
    pub(crate) fn render(&self, version: &str) -> Value {
        let object = render(&self.object, version);
        let mut data = json!({ "object": object });
        if let Some(before) = &self.before {
            data["previous_attributes"] = previous_attributes(&render(before, version), &data["object"]);
        }
        json!({
            "id": self.id,
            "object": "event",
            "api_version": version,
            "created": self.created,
            "data": data,
            "livemode": self.livemode,
            "pending_webhooks": self.pending(),
            "request": { "id": self.cause.request, "idempotency_key": self.cause.idempotency_key },
            "type": self.kind,
        })
    }

    /// How many endpoints it has not arrived at yet.
    pub(crate) fn pending(&self) -> usize {
        let open = |delivery: &&Delivery| delivery.state != DeliveryState::Succeeded;
        self.deliveries.iter().filter(open).count()
    }

    /// Events of one customer are delivered one after another, those of others at the same time.
    pub(crate) fn lane(&self) -> &str {
        let customer = text(&self.object["customer"]);
        if customer.is_empty() { text(&self.object["id"]) } else { customer }
    }
}
