//! An invoice's way from draft to paid, or to an end without money.

use serde_json::{Value, json};

use super::invoice_shape::{blank, line};
use super::subscription_items::items;
use crate::store::{Kind, Store};
use crate::wire::errors::ApiError;
use crate::wire::value::number;

const DAY: i64 = 86_400;

/// When a failed payment is tried again, counted from the attempt before.
const RETRY_AFTER: [i64; 3] = [3 * DAY, 5 * DAY, 7 * DAY];

/// Makes the draft of a subscription's invoice. Nobody is told yet.
pub(crate) fn draft(store: &mut Store, subscription: &Value, reason: &str, amount: Option<i64>) -> String {
    let id = store.new_id(Kind::Invoice);
    let lines: Vec<Value> =
        items(subscription).iter().map(|item| line(store, &id, subscription, item, amount)).collect();
    let total: i64 = lines.iter().map(|line| number(&line["amount"])).sum();
    let invoice = blank(store, &id, subscription, reason, total, lines);
    store.insert(Kind::Invoice, invoice);
    id
}

/// Draft to open, with `invoice.created` and `invoice.finalized`.
pub(crate) fn issue(store: &mut Store, id: &str) -> Result<(), ApiError> {
    announce(store, id)?;
    let now = store.now();
    let sequence = store.rows(Kind::Invoice).len();
    let invoice = store.alter(Kind::Invoice, id, |invoice| {
        invoice["status"] = json!("open");
        invoice["number"] = json!(format!("LOCAL-{sequence:04}"));
        invoice["effective_at"] = json!(now);
        invoice["status_transitions"]["finalized_at"] = json!(now);
    })?;
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
    store.alter(Kind::Invoice, id, |invoice| {
        invoice["status"] = json!(status);
        invoice["next_payment_attempt"] = Value::Null;
        invoice["status_transitions"][transition] = json!(now);
    })?;
    Ok(())
}
