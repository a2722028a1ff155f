//! What is sold by hand at Stripe: prices of deals, links, one-time payments, and money that goes back.

use serde_json::{Value, json};

use crate::TestApp;

impl TestApp {
    /// A price at Stripe that nothing names a plan for: 39 dollars a month, but for what is given.
    pub fn deal_at_stripe(&self, given: &Value) -> String {
        let mut price = json!({
            "currency": "usd", "unit_amount": 3900, "recurring": { "interval": "month" },
            "product_data": { "name": "Deal 4711" }
        });
        let fields = price.as_object_mut().expect("an object");
        fields.extend(given.as_object().expect("an object").clone());
        fields.retain(|_, value| !value.is_null());
        self.stripe.call("POST", "/v1/prices", &price).expect("a price")["id"]
            .as_str()
            .expect("an id")
            .to_owned()
    }

    /// A subscription of an organization's own, of a customer of its own, with these items; delivered.
    pub async fn subscribe_at_stripe(&self, org: &str, items: &Value) -> String {
        let metadata = json!({ "org_id": org });
        let customer = self.customer_at_stripe(&metadata);
        let made = json!({ "customer": customer, "items": items, "metadata": metadata });
        let made = self.stripe.create_subscription(&made).expect("a subscription");
        self.deliver_all().await;
        made["id"].as_str().expect("an id").to_owned()
    }

    /// Somebody buys a plan for an organization through a link, with a customer of their own: the
    /// subscription and the customer.
    pub async fn buy_by_link(&self, org: &str, plan: &str) -> (String, String) {
        let customer = self.paying_at_stripe(plan);
        let newest = self.stripe.subscriptions().pop().expect("a subscription");
        let id = newest["id"].as_str().expect("an id").to_owned();
        self.pays_by_link(self.now(), org, &id, &customer).await.assert_outcome("applied");
        (id, customer)
    }

    /// The event that a one-time payment of 15 dollars is there, with this metadata of its session.
    pub fn payment_event(&self, org: &str, session: &str, status: &str, metadata: &Value) -> Value {
        let kind = if status == "paid" { "async_payment_succeeded" } else { "completed" };
        let mut named = json!({ "org_id": org });
        named.as_object_mut().expect("an object").extend(metadata.as_object().expect("an object").clone());
        json!({
            "id": format!("evt_{session}_{status}"), "type": format!("checkout.session.{kind}"),
            "created": self.now(), "livemode": false, "api_version": "2026-10-28.endive",
            "data": { "object": {
                "id": session, "object": "checkout.session", "mode": "payment", "livemode": false,
                "payment_status": status, "payment_intent": format!("pi_{session}"), "amount_total": 1500,
                "currency": "usd", "customer": null, "subscription": null, "metadata": named
            } }
        })
    }

    /// The event that so much of a payment of 15 dollars went back.
    pub fn refund_event(&self, session: &str, cents: i64) -> Value {
        json!({
            "id": format!("evt_refund_{session}_{cents}"), "type": "charge.refunded", "created": self.now(),
            "livemode": false, "api_version": "2026-10-28.endive",
            "data": { "object": {
                "id": format!("ch_{session}"), "object": "charge", "livemode": false,
                "payment_intent": format!("pi_{session}"), "customer": null, "amount": 1500,
                "amount_refunded": cents, "currency": "usd", "metadata": {}
            } }
        })
    }

    /// The event that a payment's dispute stands so.
    pub fn dispute_event(&self, session: &str, status: &str) -> Value {
        let kind = if ["won", "lost"].contains(&status) { "closed" } else { "created" };
        json!({
            "id": format!("evt_dispute_{session}_{status}"), "type": format!("charge.dispute.{kind}"),
            "created": self.now(), "livemode": false, "api_version": "2026-10-28.endive",
            "data": { "object": {
                "id": format!("dp_{session}"), "object": "dispute", "livemode": false,
                "charge": format!("ch_{session}"), "payment_intent": format!("pi_{session}"), "amount": 1500,
                "currency": "usd", "status": status
            } }
        })
    }
}
