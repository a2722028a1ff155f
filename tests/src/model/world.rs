//! Stripe's side of a history: what happens is done in the emulator, and the emulator says what is true.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::history::{Act, PRICES, Step};
use super::purchases::Bought;
use crate::TestApp;

/// The flag that an add-on grants; enterprise has it too.
pub const ADDON: &str = "hasAPI";

/// The organizations of a history, each with its customer.
pub struct World {
    /// Organization, its one member, its customer.
    pub organizations: Vec<Organization>,
    prices: BTreeMap<&'static str, String>,
    /// A price that nobody knows a plan for, one of an add-on, and a link for each of [`PRICES`].
    unknown_price: String,
    pub(super) addon_price: String,
    links: Vec<String>,
    /// No quantity is used twice, so that most states can be told from one another.
    quantity: Cell<i64>,
    /// What was bought in ways that the objects themselves do not tell of.
    pub bought: RefCell<Bought>,
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
        let prices: BTreeMap<&'static str, String> = prices.collect();
        let made = |path: &str, params: Value| {
            let made = t.stripe.call("POST", path, &params).expect(path);
            made["id"].as_str().expect("an id").to_owned()
        };
        let link = |key: &&str| {
            made("/v1/payment_links", json!({ "line_items": [{ "price": prices[*key], "quantity": 1 }] }))
        };
        let links = PRICES.iter().map(link).collect();
        let product = json!({ "name": "Made by hand" });
        let monthly = json!({ "currency": "usd", "unit_amount": 700, "product_data": product,
            "recurring": { "interval": "month" } });
        let once = json!({ "currency": "usd", "unit_amount": 900, "product_data": product });
        Self {
            organizations,
            unknown_price: made("/v1/prices", monthly),
            addon_price: made("/v1/prices", once),
            links,
            prices,
            quantity: Cell::new(1),
            bought: RefCell::default(),
        }
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
            Act::Discount { redeems: true } => stripe
                .call("POST", "/v1/coupons", &json!({ "percent_off": 10, "duration": "forever" }))
                .and_then(|made| change(json!({ "discounts": [{ "coupon": made["id"] }] }))),
            Act::Discount { redeems: false } => change(json!({ "discounts": "" })),
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
            Act::FailedUpgrade { price } => {
                let _ = stripe.set_card(subscription, false);
                let failed = stripe.upgrade(subscription, PRICES[*price], self.next_quantity());
                let _ = stripe.set_card(subscription, true);
                failed
            }
            Act::OtherCustomer { price: index } => {
                stripe.call("POST", "/v1/customers", &json!({})).and_then(|made| {
                    let named = json!({ "org_id": organization.id });
                    let item = json!({ "price": price(*index), "quantity": self.next_quantity() });
                    stripe.create_subscription(
                        &json!({ "customer": made["id"], "items": [item], "metadata": named }),
                    )
                })
            }
            Act::UnknownPrice { named } => {
                let item = json!({ "price": self.unknown_price, "quantity": self.next_quantity() });
                let mut params = json!({ "customer": organization.customer, "items": [item] });
                if *named {
                    params["metadata"] = json!({ "org_id": organization.id });
                }
                stripe.create_subscription(&params)
            }
            Act::Move => {
                let moved = change(json!({ "metadata": { "org_id": organization.id } }));
                if moved.is_ok() {
                    let mut bought = self.bought.borrow_mut();
                    if bought.by_strangers.remove(subscription).is_some() {
                        let customer =
                            moved.as_ref().map(|moved| moved["customer"].clone()).unwrap_or_default();
                        bought.strangers.remove(customer.as_str().unwrap_or_default());
                    }
                }
                moved
            }
            Act::Stranger { price } => self.by_link(t, organization, &self.links[*price]),
            Act::BuyAddon => self.buy_addon(t, organization),
            Act::Refund { .. } | Act::Dispute { .. } => self.take_back(t, step),
            Act::DeleteCustomer => {
                let customers = stripe.subscriptions();
                let customer =
                    customers.get(step.target % customers.len().max(1)).map(|one| &one["customer"]);
                let customer = customer.and_then(Value::as_str).unwrap_or_default();
                // Those of the organizations' own are needed for the rest of the history.
                if self.organizations.iter().any(|organization| organization.customer == customer) {
                    return;
                }
                stripe.call("DELETE", &format!("/v1/customers/{customer}"), &json!({}))
            }
            Act::DeleteOrganization { .. } | Act::RestoreOrganization => return,
        };
    }

    /// The organization that a subscription belongs to: what metadata says, else whose customer pays, else
    /// what a stranger typed. None: nobody's.
    pub fn whose(&self, subscription: &Value) -> Option<String> {
        let text = |pointer: &str| subscription.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let by_customer = || {
            let customer = text("/customer")?;
            self.organizations.iter().find(|one| one.customer == customer).map(|one| one.id.clone())
        };
        let by_stranger = || self.bought.borrow().by_strangers.get(&text("/id")?).cloned();
        text("/metadata/org_id").or_else(by_stranger).or_else(by_customer)
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
        if lookup_key.is_empty() { "pilot" } else { plan_of(lookup_key) },
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
