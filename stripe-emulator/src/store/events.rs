//! Events: the log, how one is rendered for an API version, and the `/v1/events` calls.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Cause, Kind, Store, random_id, text};
use crate::api::webhook_endpoints;
use crate::delivery::post_office::Post;
use crate::wire::errors::{Answer, ApiError};
use crate::wire::list::{CREATED, Created, PAGING, page};
use crate::wire::params::Params;
use crate::wire::versions::{previous_attributes, render};

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
    object: Value,
    before: Option<Value>,
    cause: Cause,
    livemode: bool,
    pub(crate) deliveries: Vec<Delivery>,
    /// Whether it was on its way when an earlier run ended: it goes to the endpoints that are registered anew.
    is_owed: bool,
}

/// What became of an event at one endpoint.
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
    fn first(endpoint: &Value) -> Delivery {
        let endpoint = text(&endpoint["id"]).to_owned();
        Delivery { endpoint, state: DeliveryState::Pending, attempts: Vec::new() }
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

    fn delivery_mut(&mut self, event: &str, endpoint: &str) -> Option<&mut Delivery> {
        let event = &mut self.events[*self.index.get(event)?];
        event.deliveries.iter_mut().find(|delivery| delivery.endpoint == endpoint)
    }

    fn push(&mut self, event: Event) {
        self.index.insert(event.id.clone(), self.events.len());
        self.events.push(event);
    }

    /// Takes over the events of an earlier run, whose endpoints are gone.
    pub(crate) fn restore(&mut self, events: Vec<Event>) {
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

    fn pending(&self) -> usize {
        let open = |delivery: &&Delivery| delivery.state != DeliveryState::Succeeded;
        self.deliveries.iter().filter(open).count()
    }

    /// Events of one customer are delivered one after another, those of others at the same time.
    pub(crate) fn lane(&self) -> &str {
        let customer = text(&self.object["customer"]);
        if customer.is_empty() { text(&self.object["id"]) } else { customer }
    }
}

impl Store {
    /// Logs an event and addresses it to every endpoint that wants it.
    pub(crate) fn emit(&mut self, kind: &str, object: &Value, before: Option<Value>) {
        let id = random_id("evt_1", 23);
        let wanting =
            self.rows(Kind::WebhookEndpoint).iter().filter(|row| webhook_endpoints::wants(row, kind));
        let deliveries: Vec<Delivery> = wanting.map(Delivery::first).collect();
        self.outbox.extend(deliveries.iter().map(|delivery| Post::first(&id, &delivery.endpoint)));
        self.events.push(Event {
            id,
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
    }

    /// Addresses what an earlier run left undelivered to a new endpoint that wants it.
    pub(crate) fn address_owed(&mut self, endpoint: &Value) {
        let wanted = |event: &&mut Event| {
            event.is_owed
                && !event.deliveries.iter().any(Delivery::is_done)
                && webhook_endpoints::wants(endpoint, &event.kind)
        };
        for event in self.events.events.iter_mut().filter(wanted) {
            let delivery = Delivery::first(endpoint);
            self.outbox.push(Post::first(&event.id, &delivery.endpoint));
            event.deliveries.push(delivery);
        }
        self.has_changed = true;
    }

    pub(crate) fn delivery_mut(&mut self, event: &str, endpoint: &str) -> Option<&mut Delivery> {
        self.has_changed = true;
        self.events.delivery_mut(event, endpoint)
    }
}

pub(crate) fn retrieve(store: &Store, id: &str, version: &str) -> Answer {
    let event = store.events.get(id).ok_or_else(|| ApiError::no_such("event", id, "id").status(404))?;
    Ok(event.render(version))
}

pub(crate) fn list(store: &Store, params: &Params, version: &str) -> Answer {
    params.only(&[&PAGING[..], &CREATED, &["type", "types", "delivery_success"]].concat())?;
    let (types, created) = (params.texts("types"), Created::read(params)?);
    if types.len() > 20 {
        return Err(ApiError::invalid("You may pass up to 20 values in `types`.").param("types"));
    }
    let wanted_type = params.text("type");
    let delivered = params.flag("delivery_success")?;
    let fits = |event: &&Event| {
        let type_fits = wanted_type.is_none_or(|wanted| type_matches(wanted, &event.kind))
            && (types.is_empty() || types.contains(&event.kind.as_str()));
        type_fits
            && delivered.is_none_or(|wanted| wanted == (event.pending() == 0))
            && created.fits(&json!({ "created": event.created }))
    };
    // Paged by id, and only the page is rendered: there may be many thousands.
    let found: Vec<Value> =
        store.events.all().iter().filter(fits).map(|event| json!({ "id": event.id })).collect();
    let mut list = page("/v1/events", params, found.iter())?;
    for row in list["data"].as_array_mut().into_iter().flatten() {
        if let Some(event) = store.events.get(text(&row["id"])) {
            *row = event.render(version);
        }
    }
    Ok(list)
}

/// `invoice.*` asks for every invoice event.
fn type_matches(wanted: &str, kind: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(prefix) => kind.starts_with(prefix),
        None => wanted == kind,
    }
}
