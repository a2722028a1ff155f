//! Events as Stripe makes them, of subscriptions that only they know: what one says is written down where it
//! is used.

use serde_json::{Value, json};

use crate::{Answer, TestApp};

/// An event of a subscription.
#[derive(Clone, Debug)]
pub struct Said {
    created: i64,
    object: Value,
}

/// The state of a subscription: `sub_1` of `cus_1`, active, of no organization, one pro plan by the month.
pub fn said(created: i64) -> Said {
    let object = json!({
        "id": "sub_1", "object": "subscription", "customer": "cus_1", "status": "active", "created": created,
        "livemode": false, "metadata": {}, "items": { "data": [item("promptforge_pro_month", 1)] }
    });
    Said { created, object }
}

/// An item at the price with this lookup key, whose id is the same.
pub fn item(lookup_key: &str, quantity: i64) -> Value {
    let price = json!({
        "id": format!("price_{lookup_key}"), "lookup_key": lookup_key, "currency": "usd", "metadata": {},
        "recurring": { "interval": "month", "interval_count": 1 }
    });
    json!({ "id": format!("si_{lookup_key}"), "quantity": quantity, "price": price })
}

/// An item at a price without a lookup key, with this metadata.
pub fn item_with(price: &str, metadata: Value, quantity: i64) -> Value {
    let price = json!({
        "id": price, "lookup_key": null, "currency": "usd", "metadata": metadata,
        "recurring": { "interval": "month", "interval_count": 1 }
    });
    json!({ "id": "si_1", "quantity": quantity, "price": price })
}

impl Said {
    /// Of another subscription and customer.
    pub fn of(mut self, subscription: &str, customer: &str) -> Self {
        self.object["id"] = json!(subscription);
        self.object["customer"] = json!(customer);
        self
    }

    /// Its metadata names the organization.
    pub fn named(self, org: &str) -> Self {
        self.with("metadata", json!({ "org_id": org }))
    }

    /// In another status.
    pub fn status(self, status: &str) -> Self {
        self.with("status", json!(status))
    }

    /// With these items.
    pub fn items(self, items: &[Value]) -> Self {
        self.with("items", json!({ "data": items }))
    }

    /// In the paid period from there on, for 30 days: Unix seconds.
    pub fn period(mut self, start: i64) -> Self {
        for item in self.object["items"]["data"].as_array_mut().expect("items") {
            item["current_period_start"] = json!(start);
            item["current_period_end"] = json!(start + 30 * 86_400);
        }
        self
    }

    /// With another field.
    pub fn with(mut self, field: &str, value: Value) -> Self {
        self.object[field] = value;
        self
    }

    /// The event.
    pub fn event(&self, id: &str) -> Value {
        let kind = match self.object["status"].as_str() {
            Some("canceled") => "customer.subscription.deleted",
            _ => "customer.subscription.updated",
        };
        event(id, kind, self.created, self.object.clone())
    }
}

/// An event that carries an object.
pub fn event(id: &str, kind: &str, created: i64, object: Value) -> Value {
    json!({
        "id": id, "object": "event", "type": kind, "created": created, "livemode": false,
        "api_version": "2026-10-28.endive", "data": { "object": object }
    })
}

impl TestApp {
    /// Delivers what was said, under an id that no other event has.
    pub async fn say(&self, said: &Said) -> Answer {
        let id = format!("evt_{}", uuid::Uuid::new_v4().simple());
        self.deliver(&said.event(&id)).await
    }

    /// A session of a payment link: a visitor typed the organization's id, and paid for this subscription.
    pub async fn pays_by_link(&self, created: i64, org: &str, subscription: &str, customer: &str) -> Answer {
        let session = json!({
            "id": format!("cs_{subscription}"), "object": "checkout.session", "mode": "subscription",
            "livemode": false, "created": created, "payment_status": "paid", "client_reference_id": org,
            "metadata": {}, "customer": customer, "subscription": subscription
        });
        self.deliver(&event(
            &format!("evt_cs_{subscription}"),
            "checkout.session.completed",
            created,
            session,
        ))
        .await
    }
}
