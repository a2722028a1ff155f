//! What a cardholder's bank does: it opens a dispute and takes the money, and decides who is right.

use serde_json::{Value, json};

use super::dispute_shape::{blank, movement};
use crate::store::{Kind, Store};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::value::{number, text};

const UPDATED: &str = "charge.dispute.updated";

/// Opens a dispute of a charge, and withdraws the money. An inquiry only asks, and the money stays.
pub(crate) fn open(store: &mut Store, charge: &str, reason: &str, is_inquiry: bool) -> Answer {
    let charge = store.get(Kind::Charge, charge)?.clone();
    if charge["status"] != "succeeded" || charge["disputed"] == true {
        let id = text(&charge["id"]);
        let message = match charge["disputed"] == true {
            true => format!("Charge {id} is disputed already."),
            false => format!(
                "Charge {id} is {}: nothing was paid that could be disputed.",
                text(&charge["status"])
            ),
        };
        return Err(ApiError::invalid(message));
    }
    store.alter(Kind::Charge, text(&charge["id"]), |charge| {
        charge["disputed"] = json!(true);
        charge["_is_refundable"] = json!(is_inquiry);
    })?;
    let dispute = blank(store, &charge, reason, is_inquiry);
    let dispute = store.insert(Kind::Dispute, dispute);
    store.emit("charge.dispute.created", &dispute, None);
    if is_inquiry { Ok(dispute) } else { withdraw(store, text(&dispute["id"])) }
}

/// The bank decides. An inquiry that is lost becomes a dispute first; one that is won is only closed.
pub(crate) fn close(store: &mut Store, id: &str, is_won: bool) -> Answer {
    let is_inquiry = is_inquiry(open_one(store, id)?);
    if is_inquiry && !is_won {
        escalate(store, id)?;
    }
    let status = match (is_won, is_inquiry) {
        (true, true) => "warning_closed",
        (true, false) => "won",
        (false, _) => "lost",
    };
    let closed = store.change(Kind::Dispute, id, "charge.dispute.closed", |dispute| {
        dispute["status"] = json!(status);
        dispute["is_charge_refundable"] = json!(false);
    })?;
    if status != "won" {
        return Ok(closed);
    }
    let back = movement(store, &closed, number(&closed["amount"]));
    store.change(Kind::Dispute, id, "charge.dispute.funds_reinstated", |dispute| push(dispute, back))
}

/// An inquiry becomes a dispute, and the money is withdrawn.
fn escalate(store: &mut Store, id: &str) -> Answer {
    let dispute = store.change(Kind::Dispute, id, UPDATED, |dispute| {
        dispute["status"] = json!("needs_response");
        dispute["is_charge_refundable"] = json!(false);
        dispute["payment_method_details"]["card"]["case_type"] = json!("chargeback");
    })?;
    store.alter(Kind::Charge, text(&dispute["charge"]), |charge| charge["_is_refundable"] = json!(false))?;
    withdraw(store, id)
}

/// Evidence is given and, with `submit`, sent to the bank. As in Stripe's test mode, `winning_evidence` and
/// `losing_evidence` as the text decide at once.
pub(crate) fn respond(store: &mut Store, id: &str, evidence: Option<&Value>, submit: bool) -> Answer {
    open_one(store, id)?;
    let given = evidence.and_then(Value::as_object);
    let answered = store.change(Kind::Dispute, id, UPDATED, |dispute| {
        for (name, value) in given.into_iter().flatten() {
            dispute["evidence"][name] = value.clone();
            dispute["evidence_details"]["has_evidence"] = json!(true);
        }
        if submit {
            let count = number(&dispute["evidence_details"]["submission_count"]) + 1;
            dispute["evidence_details"]["submission_count"] = json!(count);
            dispute["status"] =
                json!(if is_inquiry(dispute) { "warning_under_review" } else { "under_review" });
        }
    })?;
    match text(&answered["evidence"]["uncategorized_text"]) {
        "winning_evidence" if submit => close(store, id, true),
        "losing_evidence" if submit => close(store, id, false),
        _ => Ok(answered),
    }
}

fn open_one<'a>(store: &'a Store, id: &str) -> Result<&'a Value, ApiError> {
    let dispute = store.get(Kind::Dispute, id)?;
    if matches!(text(&dispute["status"]), "won" | "lost" | "warning_closed") {
        return Err(ApiError::invalid("This dispute is already closed").code("dispute_already_closed"));
    }
    Ok(dispute)
}

fn is_inquiry(dispute: &Value) -> bool {
    text(&dispute["status"]).starts_with("warning_")
}

fn withdraw(store: &mut Store, id: &str) -> Answer {
    let dispute = store.get(Kind::Dispute, id)?.clone();
    let taken = movement(store, &dispute, -number(&dispute["amount"]));
    store.change(Kind::Dispute, id, "charge.dispute.funds_withdrawn", |dispute| push(dispute, taken))
}

fn push(dispute: &mut Value, movement: Value) {
    if let Some(movements) = dispute["balance_transactions"].as_array_mut() {
        movements.push(movement);
    }
}

/// Works on a dispute at the time its customer's test clock shows.
pub(crate) fn in_its_time(store: &mut Store, id: &str, work: impl FnOnce(&mut Store) -> Answer) -> Answer {
    let charge = text(&store.get(Kind::Dispute, id)?["charge"]);
    let customer = text(&store.get(Kind::Charge, charge)?["customer"]).to_owned();
    store.in_time_of(&customer, work)
}
