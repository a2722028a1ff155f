//! A customer's life: made by a call or a checkout page, and deleted with its subscriptions.

use serde_json::{Value, json};

use super::subscription;
use crate::store::{Kind, Store, random_id};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::value::text;

/// The customer a checkout page makes of what was typed into it.
pub(crate) fn create_from_checkout(store: &mut Store, email: Option<&str>) -> Value {
    let mut customer = blank(store, None);
    customer["email"] = json!(email);
    let customer = store.insert(Kind::Customer, customer);
    store.emit("customer.created", &customer, None);
    customer
}

/// Deletes a customer, which ends its subscriptions at once.
pub(crate) fn delete(store: &mut Store, id: &str) -> Answer {
    existing(store, id)?;
    store.in_time_of(id, |store| delete_now(store, id))
}

fn delete_now(store: &mut Store, id: &str) -> Answer {
    for subscription in subscriptions(store, id) {
        subscription::end(store, &subscription, "canceled", Some("cancellation_requested"))?;
    }
    let before = store.get(Kind::Customer, id)?.clone();
    store.emit("customer.deleted", &before, None);
    store.alter(Kind::Customer, id, |customer| {
        *customer = json!({ "id": id, "object": "customer", "deleted": true });
    })
}

/// A customer that is not deleted; else a 404.
pub(crate) fn existing<'a>(store: &'a Store, id: &str) -> Result<&'a Value, ApiError> {
    let customer = store.get(Kind::Customer, id)?;
    if customer["deleted"] == true {
        return Err(ApiError::no_such("customer", id, "id").status(404));
    }
    Ok(customer)
}

/// The ids of a customer's subscriptions that have not ended.
fn subscriptions(store: &Store, customer: &str) -> Vec<String> {
    let rows = store.rows(Kind::Subscription).iter();
    let open = rows.filter(|row| row["customer"] == customer && !subscription::is_ended(row));
    open.map(|row| text(&row["id"]).to_owned()).collect()
}

/// A customer as it begins, not stored yet.
pub(crate) fn blank(store: &Store, test_clock: Option<&str>) -> Value {
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
