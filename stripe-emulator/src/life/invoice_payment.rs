//! How an invoice is paid: with an invoice payment, which names the payment intent.

use serde_json::{Value, json};

use super::payment;
use super::payment_shape::{Outcome, Wanted};
use crate::store::{Kind, Store};
use crate::wire::errors::ApiError;
use crate::wire::value::{number, text};

/// Makes the intent of an invoice that costs something, before anybody is told that it is final.
pub(crate) fn request(store: &mut Store, invoice: &str) -> Result<(), ApiError> {
    let row = store.get(Kind::Invoice, invoice)?.clone();
    let due = number(&row["amount_due"]);
    if due == 0 {
        return Ok(());
    }
    let description = match text(&row["billing_reason"]) {
        "subscription_create" => "Subscription creation",
        _ => "Subscription update",
    };
    let intent = payment::intend(
        store,
        Wanted {
            customer: row["customer"].as_str(),
            amount: due,
            currency: row["currency"].clone(),
            description: json!(description),
            metadata: json!({}),
            invoice: Some(invoice),
            method_types: json!(["card"]),
            email: row["customer_email"].clone(),
        },
    );
    let payment = json!({
        "id": store.new_id(Kind::InvoicePayment),
        "object": "invoice_payment",
        "amount_paid": null,
        "amount_requested": due,
        "created": store.now(),
        "currency": row["currency"],
        "invoice": invoice,
        "is_default": true,
        "livemode": store.livemode,
        "payment": { "type": "payment_intent", "payment_intent": intent },
        "status": "open",
        "status_transitions": { "canceled_at": null, "paid_at": null },
    });
    let payment = store.insert(Kind::InvoicePayment, payment);
    store.alter(Kind::Invoice, invoice, |row| {
        row["_payment"] = payment["id"].clone();
        row["_payment_intent"] = json!(intent);
    })?;
    Ok(())
}

/// Charges the invoice's intent, if it has one that is open. An empty `method` is some card.
pub(crate) fn collect(
    store: &mut Store,
    invoice: &str,
    method: &str,
    succeeds: bool,
) -> Result<(), ApiError> {
    let Some((id, intent)) = open(store, invoice) else { return Ok(()) };
    let outcome = if succeeds { Outcome::Succeeded } else { Outcome::Failed };
    let charge = payment::attempt(store, &intent, method, outcome)?;
    store.alter(Kind::Invoice, invoice, |row| row["_charge"] = charge["id"].clone())?;
    if succeeds {
        let paid = end(store, &id, "paid", "paid_at")?;
        store.emit("invoice_payment.paid", &paid, None);
    }
    Ok(())
}

/// Gives the invoice's intent up: the invoice is void, or was paid elsewhere.
pub(crate) fn call_off(store: &mut Store, invoice: &str) -> Result<(), ApiError> {
    let Some((id, intent)) = open(store, invoice) else { return Ok(()) };
    payment::cancel(store, &intent, "void_invoice")?;
    end(store, &id, "canceled", "canceled_at")?;
    Ok(())
}

/// The payments of an invoice, oldest first.
pub(crate) fn of<'a>(store: &'a Store, invoice: &'a str) -> impl DoubleEndedIterator<Item = &'a Value> {
    store.rows(Kind::InvoicePayment).iter().filter(move |row| row["invoice"] == invoice)
}

/// The open payment of an invoice, and its intent.
fn open(store: &Store, invoice: &str) -> Option<(String, String)> {
    let payment = text(&store.table(Kind::Invoice).get(invoice)?["_payment"]);
    let row = store.table(Kind::InvoicePayment).get(payment).filter(|row| row["status"] == "open")?;
    Some((text(&row["id"]).to_owned(), text(&row["payment"]["payment_intent"]).to_owned()))
}

fn end(store: &mut Store, id: &str, status: &str, transition: &str) -> Result<Value, ApiError> {
    let now = store.now();
    store.alter(Kind::InvoicePayment, id, |payment| {
        payment["status"] = json!(status);
        payment["status_transitions"][transition] = json!(now);
        if status == "paid" {
            payment["amount_paid"] = payment["amount_requested"].clone();
        }
    })
}
