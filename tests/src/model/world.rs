//! Stripe's side of a history: what happens is done in the emulator, and the emulator says what is true.

use std::cell::Cell;
use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::history::{Act, PRICES, Step};
use crate::TestApp;

/// The organizations of a history, each with its customer.
pub struct World {
    /// Organization, its one member, its customer.
    pub organizations: Vec<Organization>,
    prices: BTreeMap<&'static str, String>,
    /// No quantity is used twice, so that most states can be told from one another.
    quantity: Cell<i64>,
}

/// One organization.
pub struct Organization {
    /// The organization's id, a UUID.
    pub id: String,
    /// The user id of a member, a UUID.
    pub user: String,
    /// Stripe's id of its customer, `cus_...`.
    pub customer: String,
    /// The application has deleted it.
    pub gone: Cell<bool>,
}

/// As `billing adopt` writes them over an application that only marks what it deleted: its members stay in
/// their table.
const VIEWS: &str = "
    create or replace view organizations as select o.id, o.name from own_organizations o
      where o.name <> 'Deleted';
    create or replace view members as select m.org_id, m.user_id, m.role from own_members m
      where exists (select from organizations o where o.id = m.org_id)";

impl World {
    /// Makes organizations and customers, here and at Stripe.
    pub async fn create(t: &TestApp, count: usize) -> Self {
        t.db.batch_execute(VIEWS).await.expect("views");
        let mut organizations = Vec::new();
        for _ in 0..count {
            let (id, user) = (Uuid::new_v4().to_string(), Uuid::new_v4().to_string());
            let customer = t
                .stripe
                .call("POST", "/v1/customers", &json!({ "metadata": { "org_id": id } }))
                .expect("a customer");
            let customer = customer["id"].as_str().expect("an id").to_owned();
            let rows = format!(
                "insert into own_organizations (id, name) values ('{id}', 'Model');
                 insert into own_members (org_id, user_id, role) values ('{id}', '{user}', 'owner');
                 insert into customers (org_id, livemode, stripe_customer_id)
                   values ('{id}', false, '{customer}')"
            );
            t.db.batch_execute(&rows).await.expect("an organization");
            organizations.push(Organization { id, user, customer, gone: Cell::new(false) });
        }
        let prices = PRICES.iter().map(|key| {
            let list = t.stripe.call("GET", "/v1/prices", &json!({ "lookup_keys": [key] })).expect("prices");
            (*key, list["data"][0]["id"].as_str().expect("a price").to_owned())
        });
        Self { organizations, prices: prices.collect(), quantity: Cell::new(1) }
    }

    /// Does one step: in the application's tables, or at Stripe.
    pub async fn step(&self, t: &TestApp, step: &Step) {
        let Organization { id, user, gone, .. } = &self.organizations[step.target % self.organizations.len()];
        let sql = match step.act {
            Act::DeleteOrganization { marked: true } => {
                format!("update own_organizations set name = 'Deleted' where id = '{id}'")
            }
            Act::DeleteOrganization { marked: false } => {
                format!("delete from own_organizations where id = '{id}'")
            }
            Act::RestoreOrganization => format!(
                "insert into own_organizations (id, name)
                   values ('{id}', 'Model') on conflict (id) do update set name = 'Model';
                 insert into own_members (org_id, user_id, role) values ('{id}', '{user}', 'owner')
                   on conflict do nothing"
            ),
            _ => return self.act(t, step),
        };
        t.db.batch_execute(&sql).await.expect("the application's tables");
        gone.set(!matches!(step.act, Act::RestoreOrganization));
    }

    /// Does one step at Stripe. What Stripe refuses in that state does not happen.
    pub fn act(&self, t: &TestApp, step: &Step) {
        let organization = &self.organizations[step.target % self.organizations.len()];
        let price = |index: usize| &self.prices[PRICES[index]];
        let subscriptions = t.stripe.subscription_ids();
        let subscription = match subscriptions.len() {
            0 => "",
            // The later ones: most of the earlier ones have ended.
            count => &subscriptions[count - 1 - step.target % count.min(2 * self.organizations.len() + 2)],
        };
        let stripe = &t.stripe;
        let change =
            |params: Value| stripe.call("POST", &format!("/v1/subscriptions/{subscription}"), &params);
        // Err: refused.
        let _ = match &step.act {
            Act::Subscribe { price: index, trial, named } => {
                let mut params = json!({ "customer": organization.customer,
                    "items": [{ "price": price(*index), "quantity": self.next_quantity() }] });
                if *named {
                    params["metadata"] = json!({ "org_id": organization.id });
                }
                if *trial {
                    params["trial_period_days"] = json!(14);
                }
                stripe.create_subscription(&params)
            }
            Act::Checkout { price: index } => self.check_out(t, organization, price(*index)),
            Act::Renew { succeeds } => stripe.renew(subscription, *succeeds),
            Act::Pay => stripe.pay_open_invoice(subscription),
            Act::ChangePlan { price } => stripe.change_plan(subscription, PRICES[*price]),
            Act::ChangeQuantity => stripe.change_quantity(subscription, self.next_quantity()),
            Act::PauseCollection { void: true } => {
                change(json!({ "pause_collection": { "behavior": "void" } }))
            }
            Act::PauseCollection { void: false } => {
                change(json!({ "pause_collection": { "behavior": "keep_as_draft" } }))
            }
            Act::ResumeCollection => stripe.resume_collection(subscription),
            Act::Pause => stripe.pause(subscription),
            Act::Resume => stripe.resume(subscription),
            Act::CancelAtPeriodEnd => stripe.cancel_at_period_end(subscription, true),
            Act::Unpaid => stripe.set_status(subscription, "unpaid"),
            Act::CancelNow => stripe.cancel_now(subscription),
            Act::DeleteOrganization { .. } | Act::RestoreOrganization => return,
        };
    }

    fn check_out(
        &self,
        t: &TestApp,
        organization: &Organization,
        price: &str,
    ) -> Result<Value, stripe_emulator::ApiError> {
        let metadata = json!({ "org_id": organization.id });
        let session = t.stripe.call(
            "POST",
            "/v1/checkout/sessions",
            &json!({
                "mode": "subscription", "customer": organization.customer,
                "client_reference_id": organization.id,
                "line_items": [{ "price": price, "quantity": 1 }], "success_url": "https://app.example.com/",
                "cancel_url": "https://app.example.com/",
                "metadata": metadata, "subscription_data": { "metadata": metadata }
            }),
        )?;
        t.stripe.pay_checkout_session(session["id"].as_str().unwrap_or_default())
    }

    fn next_quantity(&self) -> i64 {
        self.quantity.set(self.quantity.get() + 1);
        self.quantity.get()
    }
}

/// What of a subscription's state matters, from Stripe's object in the newest shape.
pub fn fingerprint(subscription: &Value) -> String {
    let item = &subscription["items"]["data"][0];
    let lookup_key = item["price"]["lookup_key"].as_str().unwrap_or_default();
    format!(
        "{} {} {} {} {} {}",
        subscription["status"].as_str().unwrap_or_default(),
        plan_of(lookup_key),
        item["quantity"],
        subscription["cancel_at_period_end"],
        subscription["pause_collection"]["behavior"].as_str().unwrap_or("none"),
        item["current_period_end"],
    )
}

/// The plan in a lookup key such as `promptforge_pro_month`.
pub fn plan_of(lookup_key: &str) -> &str {
    lookup_key.split('_').nth(1).unwrap_or_default()
}
