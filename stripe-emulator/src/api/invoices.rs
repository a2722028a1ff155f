//! `/v1/invoices`, and an invoice's way from draft to paid.

use serde_json::{Value, json};

use crate::life::invoice_shape::{blank, line};
use crate::life::subscription;
use crate::life::subscription_items::items;
use crate::store::{Kind, Store, number, text};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::list::{CREATED, Created, PAGING, filters, page};
use crate::wire::params::Params;

const DAY: i64 = 86_400;

/// When a failed payment is tried again, counted from the attempt before.
const RETRY_AFTER: [i64; 3] = [3 * DAY, 5 * DAY, 7 * DAY];

pub(crate) fn list(store: &Store, params: &Params) -> Answer {
    let names = ["customer", "status", "subscription", "collection_method"];
    params.only(&[&PAGING[..], &CREATED, &names].concat())?;
    let created = Created::read(params)?;
    let subscription = params.text("subscription");
    let found = store.rows(Kind::Invoice).iter().filter(|invoice| {
        created.fits(invoice)
            && filters(params, invoice, &["customer", "status", "collection_method"])
            && subscription.is_none_or(|wanted| subscription_of(invoice) == wanted)
    });
    page("/v1/invoices", params, found)
}

/// `POST /v1/invoices/{id}/pay`: the payment succeeds unless the card declines.
pub(crate) fn pay(store: &mut Store, id: &str, params: &Params) -> Answer {
    params.only(&["payment_method", "source", "paid_out_of_band", "off_session", "forgive"])?;
    let invoice = store.get(Kind::Invoice, id)?;
    match text(&invoice["status"]) {
        "paid" => return Err(ApiError::invalid("Invoice is already paid").code("invoice_already_paid")),
        "open" | "uncollectible" => {}
        status => return Err(ApiError::invalid(format!("This invoice can't be paid: it is {status}."))),
    }
    let subscription = subscription_of(invoice).to_owned();
    let method_given =
        params.text("payment_method").is_some() || params.flag("paid_out_of_band")? == Some(true);
    let declines = store.get(Kind::Subscription, &subscription)?["_card_declines"] == true;
    if method_given {
        store.alter(Kind::Subscription, &subscription, |row| row["_card_declines"] = json!(false))?;
    }
    subscription::settle(store, &subscription, id, method_given || !declines)?;
    if declines && !method_given {
        return Err(card_declined());
    }
    store.get(Kind::Invoice, id).cloned()
}

pub(crate) fn card_declined() -> ApiError {
    let error = ApiError::invalid("Your card was declined.").status(402).kind("card_error");
    error.code("card_declined")
}

pub(crate) fn subscription_of(invoice: &Value) -> &str {
    text(&invoice["parent"]["subscription_details"]["subscription"])
}

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
