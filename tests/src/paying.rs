//! An application whose customers pay already: customers and subscriptions at Stripe that nobody told us of.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::TestApp;

impl TestApp {
    /// A customer at Stripe.
    pub fn customer_at_stripe(&self, metadata: &Value) -> String {
        let made = self.stripe.call("POST", "/v1/customers", &json!({ "metadata": metadata }));
        made.expect("a customer")["id"].as_str().expect("an id").to_owned()
    }

    /// A subscription of that customer at the price with this lookup key.
    pub fn subscription_at_stripe(&self, customer: &str, lookup_key: &str, metadata: &Value) -> String {
        let price = json!({ "lookup_keys": [lookup_key] });
        let price = self.stripe.call("GET", "/v1/prices", &price).expect("prices")["data"][0]["id"].clone();
        let made = json!({ "customer": customer, "items": [{ "price": price }], "metadata": metadata });
        let made = self.stripe.create_subscription(&made).expect("a subscription");
        made["id"].as_str().expect("an id").to_owned()
    }

    /// A customer with a subscription of a plan by the month, whose metadata names nobody.
    pub fn paying_at_stripe(&self, plan: &str) -> String {
        let customer = self.customer_at_stripe(&json!({}));
        self.subscription_at_stripe(&customer, &format!("promptforge_{plan}_month"), &json!({}));
        customer
    }

    /// More organizations, in the order of their ids.
    pub async fn more_organizations(&self, count: usize) -> Vec<String> {
        let mut orgs: Vec<String> = (0..count).map(|_| Uuid::new_v4().to_string()).collect();
        orgs.sort();
        let insert =
            "insert into own_organizations (id, name) select id::uuid, 'Many' from unnest($1::text[]) id";
        self.db.execute(insert, &[&orgs]).await.expect("organizations");
        orgs
    }

    /// The API calls that changed something at Stripe, as method and path.
    pub fn changes_at_stripe(&self) -> Vec<String> {
        let calls =
            self.stripe.requests().into_iter().filter(|call| call.method != "GET" && call.status == 200);
        calls.map(|call| format!("{} {}", call.method, call.path)).collect()
    }

    /// Every row of billing that a command may change, to be compared.
    pub async fn billing_rows(&self) -> String {
        let tables =
            ["customers", "subscriptions", "entitlements", "runs", "reconcile_cursors", "webhook_events"];
        let rows = tables.map(|table| {
            format!("(select jsonb_agg(to_jsonb(r) order by to_jsonb(r)::text) from {table} r)")
        });
        self.value(&format!("select jsonb_build_array({})", rows.join(", "))).await
    }
}
