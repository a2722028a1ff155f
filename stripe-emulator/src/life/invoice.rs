//! An invoice's way from draft to paid, or to an end without money.

use serde_json::{Value, json};

use super::discount_invoice;
use super::invoice_payment;
use super::invoice_shape::{blank, line};
use super::subscription_items::items;
use crate::store::{Kind, Store};
use crate::wire::errors::ApiError;
use crate::wire::value::number;

const DAY: i64 = 86_400;

/// When a failed payment is tried again, counted from the attempt before.
const RETRY_AFTER: [i64; 3] = [3 * DAY, 5 * DAY, 7 * DAY];

/// Makes the draft of a subscription's invoice. Nobody is told yet. `share` is a proration, in the currency's
/// smallest unit, in place of a whole period.
pub(crate) fn draft(store: &mut Store, subscription: &Value, reason: &str, share: Option<i64>) -> String {
    let id = store.new_id(Kind::Invoice);
    let billed = if share.is_some() { 1 } else { usize::MAX };
    let items = items(subscription).iter().take(billed);
    let lines: Vec<Value> = items.map(|item| line(store, &id, subscription, item, share)).collect();
    let total: i64 = lines.iter().map(|line| number(&line["amount"])).sum();
    let mut invoice = blank(store, &id, subscription, reason, total, lines);
    discount_invoice::apply(store, subscription, &mut invoice);
    store.insert(Kind::Invoice, invoice);
    id
}

/// Draft to open, with `invoice.created` and `invoice.finalized`.
pub(crate) fn issue(store: &mut Store, id: &str) -> Result<(), ApiError> {
    announce(store, id)?;
    finalize(store, id)
}

/// Draft to open, with the payment intent of what is due and `invoice.finalized`.
pub(crate) fn finalize(store: &mut Store, id: &str) -> Result<(), ApiError> {
    let now = store.now();
    let numbered = store.rows(Kind::Invoice).iter().filter(|invoice| !invoice["number"].is_null());
    let sequence = numbered.count() + 1;
    store.alter(Kind::Invoice, id, |invoice| {
        invoice["status"] = json!("open");
        invoice["number"] = json!(format!("LOCAL-{sequence:04}"));
        invoice["effective_at"] = json!(now);
        invoice["status_transitions"]["finalized_at"] = json!(now);
    })?;
    invoice_payment::request(store, id)?;
    let invoice = store.get(Kind::Invoice, id)?.clone();
    store.emit("invoice.finalized", &invoice, None);
    Ok(())
}

pub(crate) fn announce(store: &mut Store, id: &str) -> Result<(), ApiError> {
    let invoice = store.get(Kind::Invoice, id)?.clone();
    store.emit("invoice.created", &invoice, None);
    Ok(())
}

/// Open to paid, with `invoice.paid` and `invoice.payment_succeeded`.
pub(crate) fn mark_paid(store: &mut Store, id: &str) -> Result<(), ApiError> {
    let now = store.now();
    let invoice = store.alter(Kind::Invoice, id, |invoice| {
        let due = number(&invoice["amount_due"]);
        invoice["status"] = json!("paid");
        invoice["attempted"] = json!(true);
        if due > 0 {
            invoice["attempt_count"] = json!(number(&invoice["attempt_count"]) + 1);
        }
        invoice["amount_paid"] = json!(due);
        invoice["amount_remaining"] = json!(0);
        invoice["next_payment_attempt"] = Value::Null;
        invoice["status_transitions"]["paid_at"] = json!(now);
    })?;
    store.emit("invoice.paid", &invoice, None);
    store.emit("invoice.payment_succeeded", &invoice, None);
    Ok(())
}

/// A failed attempt, with `invoice.payment_failed`. Answers whether another attempt follows.
pub(crate) fn mark_failed(store: &mut Store, id: &str, retries: bool) -> Result<bool, ApiError> {
    let now = store.now();
    let invoice = store.alter(Kind::Invoice, id, |invoice| {
        let attempts = number(&invoice["attempt_count"]);
        let wait = usize::try_from(attempts).ok().and_then(|attempt| RETRY_AFTER.get(attempt));
        invoice["attempted"] = json!(true);
        invoice["attempt_count"] = json!(attempts + 1);
        invoice["next_payment_attempt"] = json!(wait.filter(|_| retries).map(|wait| now + wait));
    })?;
    store.emit("invoice.payment_failed", &invoice, None);
    Ok(!invoice["next_payment_attempt"].is_null())
}

/// Void, uncollectible: an end without money.
pub(crate) fn close(store: &mut Store, id: &str, status: &str, transition: &str) -> Result<(), ApiError> {
    let now = store.now();
    let event = if status == "void" { "invoice.voided" } else { "invoice.marked_uncollectible" };
    if status == "void" {
        invoice_payment::call_off(store, id)?;
    }
    let invoice = store.alter(Kind::Invoice, id, |invoice| {
        invoice["status"] = json!(status);
        invoice["next_payment_attempt"] = Value::Null;
        invoice["status_transitions"][transition] = json!(now);
    })?;
    store.emit(event, &invoice, None);
    Ok(())
}
