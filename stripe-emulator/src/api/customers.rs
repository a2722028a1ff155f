//! `/v1/customers`.

use serde_json::{Value, json};

use crate::life::card;
use crate::life::customer::{blank, existing};
use crate::store::{Kind, Store};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::list::{CREATED, Created, PAGING, filters, page};
use crate::wire::params::Params;
use crate::wire::value::text;

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
    store.in_time_of(text(&customer["id"]), |store| store.emit("customer.created", &customer, None));
    Ok(customer)
}

pub(crate) fn update(store: &mut Store, id: &str, params: &Params) -> Answer {
    params.only(&WRITABLE)?;
    let mut changed = existing(store, id)?.clone();
    write(params, &mut changed)?;
    if let Some(method) = default_method(params) {
        card::take_for_customer(store, id, method);
    }
    store.in_time_of(id, |store| {
        store.change(Kind::Customer, id, "customer.updated", |customer| *customer = changed)
    })
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

fn default_method(params: &Params) -> Option<&str> {
    params.text("invoice_settings.default_payment_method").or(params.text("payment_method"))
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
    if let Some(method) = default_method(params) {
        customer["invoice_settings"]["default_payment_method"] = json!(method);
    }
    params.merge_metadata("metadata", &mut customer["metadata"]);
    Ok(())
}
