//! The portal page against its configuration: what it offers, and what a forged form comes to.

use reqwest::redirect::Policy;
use serde_json::{Value, json};

use super::stories::price;
use crate::{Emulator, Options};

/// A customer with one subscription to `pro`, and a portal session with a configuration of its own.
pub(super) struct Portal {
    pub(super) emulator: Emulator,
    pub(super) pro: Value,
    pub(super) team: Value,
    hidden: Value,
    pub(super) subscription: String,
    pub(super) configuration: String,
    url: String,
}

pub(super) fn id(object: &Value) -> String {
    object["id"].as_str().unwrap().to_owned()
}

impl Portal {
    /// Changes between `pro` and `team`, which may have two to five seats; `features` over that.
    pub(super) async fn open(features: Value) -> Portal {
        let emulator = Emulator::start(Options::default()).await.unwrap();
        let [pro, team, hidden] =
            [("pro", 4900), ("team", 9900), ("hidden", 0)].map(|(key, amount)| price(&emulator, key, amount));
        let call = |path: &str, params: &Value| emulator.call("POST", path, params).unwrap();
        let customer = call("/v1/customers", &json!({ "email": "a@b.c" }));
        let bought = json!({ "customer": customer["id"], "items": [{ "price": pro["id"] }] });
        let subscription = id(&call("/v1/subscriptions", &bought));
        let seats = json!({ "enabled": true, "minimum": 2, "maximum": 5 });
        let update = json!({
            "enabled": true, "default_allowed_updates": ["price", "quantity"],
            "products": [
                { "product": pro["product"], "prices": [pro["id"]] },
                { "product": team["product"], "prices": [team["id"]], "adjustable_quantity": seats },
            ],
        });
        let path = "/v1/billing_portal/configurations";
        let configuration = id(&call(path, &json!({ "features": { "subscription_update": update } })));
        call(&format!("{path}/{configuration}"), &json!({ "features": features }));
        let session = json!({ "customer": customer["id"], "configuration": configuration });
        let url = call("/v1/billing_portal/sessions", &session)["url"].as_str().unwrap().to_owned();
        Portal { emulator, pro, team, hidden, subscription, configuration, url }
    }

    pub(super) async fn page(&self) -> String {
        reqwest::get(&self.url).await.unwrap().text().await.unwrap()
    }

    /// Sends a form as the page would, and answers with status and text.
    pub(super) async fn send(&self, form: &[(&str, &str)]) -> (u16, String) {
        let http = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        let url = format!("{}/{}", self.url, self.subscription);
        let answer = http.post(url).form(form).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Sends a form that must come to nothing.
    pub(super) async fn assert_refused(&self, form: &[(&str, &str)]) {
        let (before, told) = (self.subscription(), self.emulator.events().len());
        let (status, page) = self.send(form).await;
        assert_eq!(status, 403, "{form:?}");
        assert!(page.contains("The portal does not offer this"), "{page}");
        assert_eq!((self.subscription(), self.emulator.events().len()), (before, told), "{form:?}");
    }

    pub(super) fn subscription(&self) -> Value {
        self.emulator.subscription(&self.subscription).unwrap()
    }
}

pub(super) fn texts<'a>(price: &'a Value, quantity: &'a str) -> [(&'static str, &'a str); 3] {
    [("act", "change"), ("price", price["id"].as_str().unwrap()), ("quantity", quantity)]
}

#[tokio::test]
async fn the_portal_offers_no_plan_that_its_configuration_does_not_list() {
    let portal = Portal::open(json!({})).await;
    let page = portal.page().await;
    for listed in [&portal.pro, &portal.team] {
        assert!(page.contains(&id(listed)), "{page}");
    }
    assert!(!page.contains(&id(&portal.hidden)), "{page}");
    // A price that is sold no more stays in the configuration, and is offered to nobody.
    let path = format!("/v1/prices/{}", id(&portal.team));
    portal.emulator.call("POST", &path, &json!({ "active": false })).unwrap();
    assert!(!portal.page().await.contains(&id(&portal.team)));
    portal.assert_refused(&texts(&portal.team, "2")).await;
}

#[tokio::test]
async fn a_forged_form_for_another_price_or_quantity_is_refused_and_changes_nothing() {
    let portal = Portal::open(json!({})).await;
    portal.assert_refused(&texts(&portal.hidden, "1")).await;
    portal.assert_refused(&[("act", "change"), ("price", "price_none")]).await;
    portal.assert_refused(&texts(&portal.pro, "2")).await; // its quantity cannot be adjusted
    for beyond in ["1", "6", "-2"] {
        portal.assert_refused(&texts(&portal.team, beyond)).await;
    }
    for malformed in ["many", ""] {
        portal.assert_refused(&texts(&portal.team, malformed)).await;
    }
    portal.assert_refused(&[("act", "give_it_for_free")]).await;
    portal.assert_refused(&[]).await;
    assert_eq!(portal.send(&texts(&portal.team, "3")).await.0, 303);
    let item = &portal.subscription()["items"]["data"][0];
    assert_eq!((&item["price"]["id"], &item["quantity"]), (&portal.team["id"], &json!(3)));
}

#[tokio::test]
async fn only_the_updates_that_are_allowed_are_offered() {
    let update = |update: Value| json!({ "features": { "subscription_update": update } });
    let portal = Portal::open(json!({})).await;
    let path = format!("/v1/billing_portal/configurations/{}", portal.configuration);
    let set = |params: Value| portal.emulator.call("POST", &path, &params).unwrap();
    let offered = |page: &str| ["name=\"price\"", "name=\"quantity\""].map(|field| page.contains(field));

    set(update(json!({ "default_allowed_updates": ["price"] })));
    assert_eq!(offered(&portal.page().await), [true, false]);
    portal.assert_refused(&texts(&portal.team, "2")).await;
    assert_eq!(portal.send(&texts(&portal.team, "1")).await.0, 303);

    set(update(json!({ "default_allowed_updates": ["quantity"] })));
    assert_eq!(offered(&portal.page().await), [false, true]);
    portal.assert_refused(&texts(&portal.pro, "1")).await;
    assert_eq!(portal.send(&[("act", "change"), ("quantity", "4")]).await.0, 303);

    set(update(json!({ "enabled": false })));
    assert!(!portal.page().await.contains("value=\"change\""));
    portal.assert_refused(&texts(&portal.pro, "1")).await;
}

#[tokio::test]
async fn a_change_is_prorated_as_the_configuration_says() {
    let portal =
        Portal::open(json!({ "subscription_update": { "proration_behavior": "always_invoice" } })).await;
    let updates = |portal: &Portal| {
        let events = portal.emulator.events();
        events.iter().filter(|event| event["type"] == "customer.subscription.updated").count()
    };
    let before = updates(&portal);
    assert_eq!(portal.send(&texts(&portal.team, "2")).await.0, 303);
    assert_eq!(updates(&portal), before + 1, "price and quantity change at once");
    let invoices = portal.emulator.call("GET", "/v1/invoices", &json!({})).unwrap();
    assert_eq!(invoices["data"][0]["billing_reason"], "subscription_update");
}

#[tokio::test]
async fn it_is_canceled_as_the_configuration_says_or_not_at_all() {
    let cancel =
        |enabled: bool, mode: &str| json!({ "subscription_cancel": { "enabled": enabled, "mode": mode } });
    let [end, now] = [[("act", "cancel_at_period_end")], [("act", "cancel_now")]];

    let never = Portal::open(cancel(false, "at_period_end")).await;
    assert!(!never.page().await.contains("Cancel"));
    never.assert_refused(&end).await;
    never.assert_refused(&now).await;

    let at_end = Portal::open(cancel(true, "at_period_end")).await;
    at_end.assert_refused(&now).await;
    assert_eq!(at_end.send(&end).await.0, 303);
    assert_eq!(at_end.subscription()["cancel_at_period_end"], true);
    assert_eq!(at_end.send(&[("act", "resume")]).await.0, 303);
    assert_eq!(at_end.subscription()["cancel_at_period_end"], false);

    let at_once = Portal::open(cancel(true, "immediately")).await;
    at_once.assert_refused(&end).await;
    assert_eq!(at_once.send(&now).await.0, 303);
    assert_eq!(at_once.subscription()["status"], "canceled");
}

#[tokio::test]
async fn invoices_are_shown_and_paid_only_where_the_history_is_on() {
    let portal = Portal::open(json!({ "invoice_history": { "enabled": true } })).await;
    portal.emulator.renew(&portal.subscription, false).unwrap();
    assert!(portal.page().await.contains("Invoices"));
    let path = format!("/v1/billing_portal/configurations/{}", portal.configuration);
    let without = json!({ "features": { "invoice_history": { "enabled": false } } });
    portal.emulator.call("POST", &path, &without).unwrap();
    let page = portal.page().await;
    assert!(!page.contains("Invoices") && !page.contains("Pay open invoice"), "{page}");
    portal.assert_refused(&[("act", "pay")]).await;
}

#[tokio::test]
async fn another_customers_subscription_is_out_of_reach() {
    let portal = Portal::open(json!({ "subscription_cancel": { "enabled": true } })).await;
    let other = portal.emulator.call("POST", "/v1/customers", &json!({})).unwrap();
    let bought = json!({ "customer": other["id"], "items": [{ "price": portal.pro["id"] }] });
    let foreign = id(&portal.emulator.create_subscription(&bought).unwrap());
    let form = [("act", "cancel_at_period_end")];
    let answer = reqwest::Client::new().post(format!("{}/{foreign}", portal.url)).form(&form).send().await;
    assert_eq!(answer.unwrap().status(), 404);
    assert_eq!(portal.emulator.subscription(&foreign).unwrap()["cancel_at_period_end"], false);
}

#[tokio::test]
async fn a_session_needs_a_configuration_that_is_there_and_active() {
    let portal = Portal::open(json!({})).await;
    let path = format!("/v1/billing_portal/configurations/{}", portal.configuration);
    portal.emulator.call("POST", &path, &json!({ "active": false })).unwrap();
    let customer = portal.subscription()["customer"].clone();
    let open = |params: Value| portal.emulator.call("POST", "/v1/billing_portal/sessions", &params);
    let inactive = open(json!({ "customer": customer, "configuration": portal.configuration })).unwrap_err();
    assert_eq!((inactive.status, inactive.param.as_deref()), (400, Some("configuration")));

    portal.emulator.unsave_portal_settings();
    let missing = open(json!({ "customer": customer })).unwrap_err();
    assert_eq!((missing.status, missing.kind), (400, "invalid_request_error"));
    let said = "No configuration provided and your test mode default configuration has not been created.";
    assert!(missing.message.starts_with(said), "{missing}");
}

#[tokio::test]
async fn a_new_configuration_allows_only_what_it_was_given() {
    let portal = Portal::open(json!({})).await;
    let features = json!({ "features": { "invoice_history": { "enabled": true } } });
    let made = portal.emulator.call("POST", "/v1/billing_portal/configurations", &features).unwrap();
    let enabled = |name: &str| made["features"][name]["enabled"].as_bool().unwrap();
    assert!(enabled("invoice_history"));
    for name in ["customer_update", "payment_method_update", "subscription_cancel", "subscription_update"] {
        assert!(!enabled(name), "{name}");
    }
}
