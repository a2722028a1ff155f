//! States that more than one test begins with.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use serde_json::{Value, json};
use shared::clock::Clock;

use crate::TestApp;

impl TestApp {
    /// Stripe and we on one clock that stands some hours back, so that hours can pass.
    pub async fn hours_ago(hours: i64) -> (Self, Arc<AtomicI64>) {
        let mut t = Self::start().await;
        let clock = Arc::new(AtomicI64::new(t.app.clock.now().as_millisecond() - hours * 3_600_000));
        t.set_clock(&Clock::Fixed(Arc::clone(&clock)));
        t.stripe.follow(Arc::clone(&clock), 0);
        (t, clock)
    }

    /// Pretends that Stripe's list of events was gone through, so that only the comparison of subscriptions
    /// can find anything.
    pub async fn forget_events(&self) {
        let through = format!(
            "insert into reconcile_cursors values ('events', false, '{{\"through\": {}}}')
             on conflict (name, livemode) do update set position = excluded.position",
            self.now() + 86_400
        );
        self.db.batch_execute(&through).await.expect("a cursor");
    }

    /// A new customer's subscription that no checkout of ours made.
    pub fn subscribe(&self, metadata: &Value) {
        let customer = self.stripe.call("POST", "/v1/customers", &json!({})).expect("a customer");
        let key = json!({ "lookup_keys": ["promptforge_pro_month"] });
        let prices = self.stripe.call("GET", "/v1/prices", &key).expect("prices");
        let subscription = json!({
            "customer": customer["id"], "items": [{ "price": prices["data"][0]["id"] }], "metadata": metadata
        });
        self.stripe.create_subscription(&subscription).expect("a subscription");
    }

    /// With rows of both organizations in every table that belongs to one.
    pub async fn start_with_two_organizations() -> Self {
        let t = Self::start().await;
        t.buy("pro", "month").await;
        let copy = format!(
            "insert into customers (org_id, livemode, stripe_customer_id)
               values ('{other}', false, 'cus_other');
             insert into subscriptions
               select (jsonb_populate_record(s,
                 jsonb_build_object('stripe_subscription_id', 'sub_other', 'stripe_customer_id', 'cus_other',
                   'org_id', '{other}'))).*
                 from subscriptions s;
             insert into charges (stripe_charge_id, org_id, livemode)
               values ('ch_1', '{org}', false), ('ch_2', '{other}', false);
             insert into payments (stripe_checkout_session_id, org_id, livemode, payment_status)
               values ('cs_1', '{org}', false, 'paid'), ('cs_2', '{other}', false, 'paid');
             select pf_apply_plan_entitlements('{other}', 'enterprise')",
            org = t.org,
            other = t.other_org
        );
        t.db.batch_execute(&copy).await.expect("rows of both");
        t
    }
}
