//! `/v1/customers`.

use serde_json::{Value, json};

use super::subscriptions;
use crate::life::subscription;
use crate::store::{Kind, Store, random_id};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::list::{CREATED, Created, PAGING, filters, page};
use crate::wire::params::Params;

const WRITABLE: [&str; 17] = [
    "address.*",
    "balance",
    "default_source",
    "description",
    "email",
    "invoice_prefix",
    "invoice_settings.*",
    "metadata.*",
    "name",
    "payment_method",
    "phone",
    "preferred_locales",
    "shipping.*",
    "source",
    "tax.*",
    "tax_exempt",
    "tax_id_data.*",
];

pub(crate) fn create(store: &mut Store, params: &Params) -> Answer {
    params.only(&[&WRITABLE[..], &["test_clock"]].concat())?;
    if let Some(clock) = params.text("test_clock") {
        store.referenced(Kind::TestClock, clock, "test_clock")?;
    }
    let mut customer = blank(store, params.text("test_clock"));
    write(params, &mut customer)?;
    let customer = store.insert(Kind::Customer, customer);
    store.emit("customer.created", &customer, None);
    Ok(customer)
}

/// The customer a checkout page makes of what was typed into it.
pub(crate) fn create_from_checkout(store: &mut Store, email: Option<&str>) -> Value {
    let mut customer = blank(store, None);
    customer["email"] = json!(email);
    let customer = store.insert(Kind::Customer, customer);
    store.emit("customer.created", &customer, None);
    customer
}

pub(crate) fn update(store: &mut Store, id: &str, params: &Params) -> Answer {
    params.only(&WRITABLE)?;
    let mut changed = existing(store, id)?.clone();
    write(params, &mut changed)?;
    store.change(Kind::Customer, id, "customer.updated", |customer| *customer = changed)
}

pub(crate) fn list(store: &Store, params: &Params) -> Answer {
    params.only(&[&PAGING[..], &CREATED, &["email", "test_clock"]].concat())?;
    let created = Created::read(params)?;
    let clock = params.text("test_clock");
    let found = store.rows(Kind::Customer).iter().filter(|customer| {
        customer["deleted"] != true
            // Like Stripe, a list without a test clock leaves the customers of test clocks out.
            && customer["test_clock"].as_str() == clock
            && created.fits(customer)
            && filters(params, customer, &["email"])
    });
    page("/v1/customers", params, found)
}

/// Deletes a customer, which ends its subscriptions at once.
pub(crate) fn delete(store: &mut Store, id: &str) -> Answer {
    let before = existing(store, id)?.clone();
    for subscription in subscriptions::of_customer(store, id) {
        subscription::end(store, &subscription, "canceled", Some("cancellation_requested"))?;
    }
    store.emit("customer.deleted", &before, None);
    store.alter(Kind::Customer, id, |customer| {
        *customer = json!({ "id": id, "object": "customer", "deleted": true });
    })
}

fn existing<'a>(store: &'a Store, id: &str) -> Result<&'a Value, ApiError> {
    let customer = store.get(Kind::Customer, id)?;
    if customer["deleted"] == true {
        return Err(ApiError::no_such("customer", id, "id").status(404));
    }
    Ok(customer)
}

fn write(params: &Params, customer: &mut Value) -> Result<(), ApiError> {
    const COPIED: [&str; 8] =
        ["address", "description", "email", "name", "phone", "preferred_locales", "shipping", "tax_exempt"];
    if let Some(email) = params.text("email").filter(|email| !email.contains('@')) {
        let error = ApiError::invalid(format!("Invalid email address: {email}"));
        return Err(error.code("email_invalid").param("email"));
    }
    params.copy(&COPIED, customer);
    if let Some(balance) = params.int("balance")? {
        customer["balance"] = json!(balance);
    }
    let method = params.text("invoice_settings.default_payment_method").or(params.text("payment_method"));
    if let Some(method) = method {
        customer["invoice_settings"]["default_payment_method"] = json!(method);
    }
    params.merge_metadata("metadata", &mut customer["metadata"]);
    Ok(())
}

fn blank(store: &Store, test_clock: Option<&str>) -> Value {
    let id = store.new_id(Kind::Customer);
    json!({
        "id": id,
        "object": "customer",
        "address": null,
        "balance": 0,
        "created": store.now_of(test_clock),
        "currency": null,
        "customer_account": null,
        "default_source": null,
        "delinquent": false,
        "description": null,
        "discount": null,
        "email": null,
        "invoice_prefix": random_id("", 8).to_uppercase(),
        "invoice_settings": {
            "custom_fields": null,
            "default_payment_method": null,
            "footer": null,
            "rendering_options": null,
        },
        "livemode": store.livemode,
        "metadata": {},
        "name": null,
        "next_invoice_sequence": 1,
        "phone": null,
        "preferred_locales": [],
        "shipping": null,
        "tax_exempt": "none",
        "test_clock": test_clock,
    })
}
