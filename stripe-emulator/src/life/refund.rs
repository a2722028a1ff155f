//! Money that goes back: all of a charge or a part of it, and refunds that fail.

use serde_json::{Value, json};

use crate::store::{Kind, Store, random_id};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::value::{number, text};

/// Refunds a charge, with `charge.refunded`, `refund.created` and, once the bank has the money's reference,
/// `refund.updated`. `amount` is in the currency's smallest unit; without it all that is left.
pub(crate) fn create(
    store: &mut Store,
    charge: &Value,
    amount: Option<i64>,
    reason: Option<&str>,
    metadata: Value,
) -> Answer {
    let amount = refundable(charge, amount)?;
    let id = text(&charge["id"]);
    let refund = blank(store, charge, amount, reason, metadata);
    let refund = store.insert(Kind::Refund, refund);
    store.change(Kind::Charge, id, "charge.refunded", |charge| take_back(charge, amount))?;
    store.emit("refund.created", &refund, None);
    if refund["status"] == "pending" {
        return Ok(refund);
    }
    tell(store, text(&refund["id"]), |refund| {
        refund["destination_details"]["card"]["reference"] = json!(random_id("", 12).to_uppercase());
        refund["destination_details"]["card"]["reference_status"] = json!("available");
    })
}

/// The bank's last word: the money has arrived, or comes back to the account.
pub(crate) fn settle(store: &mut Store, id: &str, succeeds: bool) -> Answer {
    let before = store.get(Kind::Refund, id)?.clone();
    if before["status"] == "failed" || (succeeds && before["status"] == "succeeded") {
        let message = format!("Refund '{id}' has {} already.", text(&before["status"]));
        return Err(ApiError::invalid(message));
    }
    if succeeds {
        return tell(store, id, |refund| refund["status"] = json!("succeeded"));
    }
    store.alter(Kind::Charge, text(&before["charge"]), |charge| {
        take_back(charge, -number(&before["amount"]));
    })?;
    let refund = tell(store, id, |refund| {
        refund["status"] = json!("failed");
        refund["failure_reason"] = json!("expired_or_canceled_card");
        refund["failure_balance_transaction"] = json!(random_id("txn_1", 23));
    })?;
    store.emit("refund.failed", &refund, None);
    Ok(refund)
}

/// A change of a refund, which is told under two names.
pub(crate) fn tell(store: &mut Store, id: &str, change: impl FnOnce(&mut Value)) -> Answer {
    let before = store.get(Kind::Refund, id)?.clone();
    let refund = store.change(Kind::Refund, id, "refund.updated", change)?;
    if refund != before {
        store.emit("charge.refund.updated", &refund, Some(before));
    }
    Ok(refund)
}

/// The refunds of a charge, oldest first.
pub(crate) fn of<'a>(store: &'a Store, charge: &'a str) -> impl DoubleEndedIterator<Item = &'a Value> {
    store.rows(Kind::Refund).iter().filter(move |row| row["charge"] == charge)
}

/// How much is refunded, if that much can be.
fn refundable(charge: &Value, amount: Option<i64>) -> Result<i64, ApiError> {
    let id = text(&charge["id"]);
    if charge["status"] != "succeeded" {
        let message = match charge["payment_intent"].as_str() {
            Some(intent) => {
                format!("This PaymentIntent ({intent}) does not have a successful charge to refund.")
            }
            None => format!("Charge {id} is {}; cannot issue a refund.", text(&charge["status"])),
        };
        return Err(ApiError::invalid(message));
    }
    if charge["disputed"] == true && charge["_is_refundable"] != true {
        let message = format!("Charge {id} has been charged back; cannot issue a refund.");
        return Err(ApiError::invalid(message).code("charge_disputed"));
    }
    let left = number(&charge["amount"]) - number(&charge["amount_refunded"]);
    if left == 0 {
        let message = format!("Charge {id} has already been refunded.");
        return Err(ApiError::invalid(message).code("charge_already_refunded"));
    }
    match amount.unwrap_or(left) {
        amount if amount < 1 => Err(ApiError::invalid("Invalid positive integer").param("amount")),
        amount if amount > left => {
            let message = format!(
                "Refund amount ({}) is greater than unrefunded amount on charge ({}).",
                money(amount, charge),
                money(left, charge)
            );
            Err(ApiError::invalid(message).param("amount"))
        }
        amount => Ok(amount),
    }
}

fn money(amount: i64, charge: &Value) -> String {
    format!("{}.{:02} {}", amount / 100, amount % 100, text(&charge["currency"]).to_uppercase())
}

fn take_back(charge: &mut Value, amount: i64) {
    let refunded = number(&charge["amount_refunded"]) + amount;
    charge["amount_refunded"] = json!(refunded);
    charge["refunded"] = json!(refunded == number(&charge["amount"]));
}

fn blank(store: &Store, charge: &Value, amount: i64, reason: Option<&str>, metadata: Value) -> Value {
    let kind = text(&charge["payment_method_details"]["type"]);
    let destination = match kind {
        "card" => json!({
            "type": "card",
            "card": {
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
        }),
        other => json!({ "type": other, other: {} }),
    };
    json!({
        "id": random_id("re_3", 23),
        "object": "refund",
        "amount": amount,
        "balance_transaction": random_id("txn_3", 23),
        "charge": charge["id"],
        "created": store.now(),
        "currency": charge["currency"],
        "customer": null,
        "customer_account": null,
        "destination_details": destination,
        "metadata": metadata,
        "payment_intent": charge["payment_intent"],
        "payment_method": null,
        "reason": reason,
        "receipt_number": null,
        "source_transfer_reversal": null,
        // Only a card is paid back at once.
        "status": if kind == "card" { "succeeded" } else { "pending" },
        "transfer_reversal": null,
    })
}
