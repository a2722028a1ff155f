//! Cards, which do what the name of Stripe's test card says: `pm_card_chargeCustomerFail` is declined,
//! `pm_card_createDispute` is disputed once it was charged.

use serde_json::Value;

use crate::store::{Kind, Store};
use crate::wire::value::text;

/// Whether a charge of this payment method fails.
pub(crate) fn fails(method: &str) -> bool {
    method.contains("Fail") || method.contains("Declined")
}

/// Whether the cardholder disputes a charge of this payment method.
pub(crate) fn is_disputed(method: &str) -> bool {
    method.contains("createDispute")
}

/// What a subscription is paid with: its own payment method, else its customer's. Empty: neither is known.
pub(crate) fn of<'a>(store: &'a Store, subscription: &'a Value) -> &'a str {
    match subscription["default_payment_method"].as_str() {
        Some(own) => own,
        None => of_customer(store, text(&subscription["customer"])),
    }
}

/// A customer's default payment method. Empty: none.
pub(crate) fn of_customer<'a>(store: &'a Store, customer: &str) -> &'a str {
    let customer = store.table(Kind::Customer).get(customer);
    customer.map_or("", |row| text(&row["invoice_settings"]["default_payment_method"]))
}

/// Whether the subscription's next charge fails.
pub(crate) fn declines(subscription: &Value) -> bool {
    subscription["_card_declines"] == true
}

/// Notes that a subscription is paid with this payment method from now on.
pub(crate) fn take(subscription: &mut Value, method: &str) {
    subscription["_no_card"] = false.into();
    subscription["_card_declines"] = fails(method).into();
}

/// A customer's new default counts for the subscriptions that have no payment method of their own.
pub(crate) fn take_for_customer(store: &mut Store, customer: &str, method: &str) {
    let rows = store.rows(Kind::Subscription).iter();
    let theirs = rows.filter(|row| row["customer"] == customer && row["default_payment_method"].is_null());
    let ids: Vec<String> = theirs.map(|row| text(&row["id"]).to_owned()).collect();
    for row in ids {
        // Err: there is no such subscription; it was just listed.
        let _ = store.alter(Kind::Subscription, &row, |subscription| take(subscription, method));
    }
}
