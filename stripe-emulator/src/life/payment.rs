//! Money that moves: a payment intent, and a charge for each attempt to pay it.

use serde_json::{Value, json};

use super::card;
use super::dispute;
use super::payment_shape::{Outcome, Wanted, charge, intent, set_outcome};
use crate::store::{Kind, Store, random_id};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::value::text;

/// Makes an intent, with `payment_intent.created`. Answers its id.
pub(crate) fn intend(store: &mut Store, wanted: Wanted) -> String {
    let intent = intent(store, wanted);
    let intent = store.insert(Kind::PaymentIntent, intent);
    store.emit("payment_intent.created", &intent, None);
    text(&intent["id"]).to_owned()
}

/// Charges an intent. With an empty `method` it is some card.
pub(crate) fn attempt(store: &mut Store, id: &str, method: &str, outcome: Outcome) -> Answer {
    let wanted = store.get(Kind::PaymentIntent, id)?.clone();
    let method = if method.is_empty() { random_id("pm_1", 23) } else { method.to_owned() };
    let charge = charge(store, &wanted, &method, outcome);
    let charge = store.insert(Kind::Charge, charge);
    conclude(store, &charge, outcome)
}

/// The money of a charge that is on its way arrives, or does not.
pub(crate) fn settle(store: &mut Store, id: &str, succeeds: bool) -> Answer {
    let charge = text(&store.get(Kind::PaymentIntent, id)?["latest_charge"]).to_owned();
    let outcome = if succeeds { Outcome::Succeeded } else { Outcome::Failed };
    let charge = store.alter(Kind::Charge, &charge, |charge| set_outcome(charge, outcome))?;
    conclude(store, &charge, outcome)
}

/// Gives an intent up, with `payment_intent.canceled`.
pub(crate) fn cancel(store: &mut Store, id: &str, reason: &str) -> Result<(), ApiError> {
    let now = store.now();
    let intent = store.alter(Kind::PaymentIntent, id, |intent| {
        intent["status"] = json!("canceled");
        intent["canceled_at"] = json!(now);
        intent["cancellation_reason"] = json!(reason);
    })?;
    store.emit("payment_intent.canceled", &intent, None);
    Ok(())
}

/// The charge that paid an intent or is named itself.
pub(crate) fn charge_of(store: &Store, id: &str, param: &str) -> Answer {
    let charge = match Kind::of_id(id) {
        Some(Kind::PaymentIntent) => {
            let intent = store.referenced(Kind::PaymentIntent, id, param)?;
            let Some(charge) = intent["latest_charge"].as_str() else {
                let message =
                    format!("This PaymentIntent ({id}) does not have a successful charge to refund.");
                return Err(ApiError::invalid(message).param(param));
            };
            charge
        }
        _ => id,
    };
    store.referenced(Kind::Charge, charge, param).cloned()
}

/// What a charge means to its intent, and who is told.
fn conclude(store: &mut Store, charge: &Value, outcome: Outcome) -> Answer {
    let (on_charge, on_intent, status) = match outcome {
        Outcome::Succeeded => ("charge.succeeded", "payment_intent.succeeded", "succeeded"),
        Outcome::Pending => ("charge.pending", "payment_intent.processing", "processing"),
        Outcome::Failed => ("charge.failed", "payment_intent.payment_failed", "requires_payment_method"),
    };
    let succeeds = outcome != Outcome::Failed;
    let intent = store.alter(Kind::PaymentIntent, text(&charge["payment_intent"]), |intent| {
        intent["status"] = json!(status);
        intent["latest_charge"] = charge["id"].clone();
        intent["payment_method"] = if succeeds { charge["payment_method"].clone() } else { Value::Null };
        intent["last_payment_error"] = if succeeds { Value::Null } else { declined(charge) };
        if outcome == Outcome::Succeeded {
            intent["amount_received"] = intent["amount"].clone();
        }
    })?;
    store.emit(on_charge, charge, None);
    store.emit(on_intent, &intent, None);
    if outcome == Outcome::Succeeded && card::is_disputed(text(&charge["payment_method"])) {
        dispute::open(store, text(&charge["id"]), "fraudulent", false)?;
    }
    Ok(charge.clone())
}

fn declined(charge: &Value) -> Value {
    json!({
        "type": "card_error",
        "charge": charge["id"],
        "code": "card_declined",
        "decline_code": "generic_decline",
        "doc_url": "https://stripe.com/docs/error-codes/card-declined",
        "message": charge["failure_message"],
    })
}
