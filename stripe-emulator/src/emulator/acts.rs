//! What a person or time does, as methods: the pages, the control API and the tests call these.

use serde_json::{Value, json};

use super::Emulator;
use crate::api::{expand, prices, routes};
use crate::life::subscription::{self, in_its_time};
use crate::life::{checkout, schedule};
use crate::store::{Kind, Store};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::form;
use crate::wire::params::Params;
use crate::wire::versions::{NEWEST, render};

/// Stripe's own, where nobody says otherwise.
const PRORATION: &str = "create_prorations";

impl Emulator {
    /// `POST /v1/subscriptions` with parameters as JSON.
    pub fn create_subscription(&self, params: &Value) -> Answer {
        self.call("POST", "/v1/subscriptions", params)
    }

    /// Any API call, past HTTP: `call("POST", "/v1/customers", &json!({ .. }))`.
    pub fn call(&self, method: &str, path: &str, params: &Value) -> Answer {
        let params = Params::from_json(params);
        self.answer(|store| {
            let answer = routes::call(store, method, path, &params, NEWEST)?;
            expand::apply(store, &params, answer)
        })
    }

    /// The same with a query or a body as it is on the wire.
    ///
    /// # Errors
    /// As the call's.
    pub fn call_form(&self, method: &str, path: &str, form: &[u8]) -> Answer {
        self.call(method, path, &form::parse(form))
    }

    /// Pays on the checkout page.
    pub fn pay_checkout_session(&self, id: &str) -> Answer {
        self.answer(|store| checkout::pay(store, id))
    }

    /// Has the card declined on the checkout page: the session stays open.
    pub fn decline_checkout_session(&self, id: &str) -> Answer {
        self.answer(|store| checkout::decline(store, id))
    }

    /// Lets a session expire.
    pub fn abandon_checkout_session(&self, id: &str) -> Answer {
        self.answer(|store| checkout::expire(store, id))
    }

    /// Lets the money of a delayed payment method arrive or fail.
    pub fn settle_checkout_session(&self, id: &str, succeeds: bool) -> Answer {
        self.answer(|store| checkout::settle(store, id, succeeds))
    }

    /// Moves a subscription to its next period: the invoice is paid, or fails (`past_due`).
    pub fn renew(&self, subscription: &str, succeeds: bool) -> Answer {
        self.on(subscription, |store| subscription::renew(store, subscription, succeeds))
    }

    /// Whether the card of a subscription works from now on.
    pub fn set_card(&self, subscription: &str, works: bool) -> Answer {
        self.answer(|store| {
            store.alter(Kind::Subscription, subscription, |row| {
                row["_card_declines"] = json!(!works);
                row["_no_card"] = json!(false);
            })
        })
    }

    /// Gives a customer another card: all that they have is paid with it from now on.
    pub(crate) fn give_card(&self, customer: &str, method: &str) -> Answer {
        let with_own: Vec<String> = self.act(|store| {
            let rows = store.rows(Kind::Subscription).iter();
            let theirs = rows.filter(|row| {
                row["customer"] == customer
                    && !row["default_payment_method"].is_null()
                    && !subscription::is_ended(row)
            });
            theirs.filter_map(|row| row["id"].as_str().map(str::to_owned)).collect()
        });
        for subscription in with_own {
            self.change(&subscription, &json!({ "default_payment_method": method }))?;
        }
        let settings = json!({ "invoice_settings": { "default_payment_method": method } });
        self.call("POST", &format!("/v1/customers/{customer}"), &settings)
    }

    /// Pays what is open: `past_due`, `unpaid` and `incomplete` become `active`.
    pub fn pay_open_invoice(&self, subscription: &str) -> Answer {
        self.on(subscription, |store| subscription::pay_open_invoice(store, subscription))
    }

    /// Pays one of a subscription's open invoices, as a customer with a new card does.
    pub(crate) fn pay_invoice(&self, subscription: &str, invoice: &str) -> Answer {
        self.on(subscription, |store| subscription::pay_invoice(store, subscription, invoice))
    }

    /// Ends a subscription at once.
    pub fn cancel_now(&self, subscription: &str) -> Answer {
        self.call("DELETE", &format!("/v1/subscriptions/{subscription}"), &json!({}))
    }

    /// Sets a subscription to end with its period, or takes that back.
    pub fn cancel_at_period_end(&self, subscription: &str, cancel: bool) -> Answer {
        if cancel {
            self.keep_plan(subscription)?;
        }
        self.change(subscription, &json!({ "cancel_at_period_end": cancel }))
    }

    /// Takes a scheduled end back, or a paused subscription up again.
    pub fn resume(&self, subscription: &str) -> Answer {
        let current = self.subscription(subscription);
        if current.is_some_and(|current| current["status"] == "paused") {
            return self.on(subscription, |store| subscription::resume(store, subscription));
        }
        self.change(subscription, &json!({ "cancel_at_period_end": false }))
    }

    /// Moves the first item to the price with this lookup key.
    pub fn change_plan(&self, subscription: &str, price_lookup_key: &str) -> Answer {
        let price = self.act(|store| prices::by_lookup_key(store, price_lookup_key).cloned())?;
        self.change_first_item(subscription, json!({ "price": price["id"] }), PRORATION)
    }

    /// Sets the first item's quantity.
    pub fn change_quantity(&self, subscription: &str, quantity: i64) -> Answer {
        self.change_first_item(subscription, json!({ "quantity": quantity }), PRORATION)
    }

    /// Has the first item change to a price or quantity when the period ends, as a downgrade in the portal
    /// does.
    pub fn schedule_change(&self, subscription: &str, price: Option<&str>, quantity: Option<i64>) -> Answer {
        self.on(subscription, |store| schedule::plan(store, subscription, price, quantity))
    }

    /// Takes a change that waits for the period's end back.
    pub(crate) fn keep_plan(&self, subscription: &str) -> Answer {
        self.on(subscription, |store| schedule::let_go(store, subscription))
    }

    /// Stops collecting: invoices are kept as drafts.
    pub fn pause_collection(&self, subscription: &str) -> Answer {
        self.change(subscription, &json!({ "pause_collection": { "behavior": "keep_as_draft" } }))
    }

    /// Collects again.
    pub fn resume_collection(&self, subscription: &str) -> Answer {
        self.change(subscription, &json!({ "pause_collection": "" }))
    }

    /// Pauses a subscription, as a trial that ends without a card does.
    pub fn pause(&self, subscription: &str) -> Answer {
        self.on(subscription, |store| subscription::pause(store, subscription))
    }

    /// Sets a status that only Stripe's settings lead to, such as `unpaid`.
    pub fn set_status(&self, subscription: &str, status: &str) -> Answer {
        let current = self.act(|store| store.get(Kind::Subscription, subscription).cloned())?;
        if matches!(current["status"].as_str(), Some("canceled" | "incomplete_expired")) {
            return Err(ApiError::invalid("A subscription that has ended stays so."));
        }
        match status {
            "paused" => self.pause(subscription),
            "canceled" => self.cancel_now(subscription),
            "active" | "incomplete" | "past_due" | "trialing" | "unpaid" => self.on(subscription, |store| {
                store.change(Kind::Subscription, subscription, "customer.subscription.updated", |row| {
                    row["status"] = json!(status);
                })
            }),
            other => Err(ApiError::invalid(format!("Invalid status: {other}")).param("status")),
        }
    }

    fn change(&self, subscription: &str, params: &Value) -> Answer {
        self.call("POST", &format!("/v1/subscriptions/{subscription}"), params)
    }

    /// Counts at once, in place of a change that waits.
    pub(crate) fn change_first_item(&self, subscription: &str, mut item: Value, proration: &str) -> Answer {
        let current = self.keep_plan(subscription)?;
        item["id"] = current["items"]["data"][0]["id"].clone();
        self.change(subscription, &json!({ "items": [item], "proration_behavior": proration }))
    }

    fn on(&self, subscription: &str, work: impl FnOnce(&mut Store) -> Answer) -> Answer {
        self.answer(|store| in_its_time(store, subscription, work))
    }

    pub(super) fn answer(&self, work: impl FnOnce(&mut Store) -> Answer) -> Answer {
        self.act(|store| work(store).map(|answer| render(&answer, NEWEST)))
    }
}
