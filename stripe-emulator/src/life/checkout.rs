//! What happens on the hosted checkout page: paid, declined, given up, or settled days later.

use serde_json::{Value, json};

use super::customer;
use super::discount;
use super::discount_invoice::{redeemed_in, take_off_session};
use super::payment;
use super::payment_shape::{Outcome, Wanted};
use super::subscription::{self, FirstPayment};
use super::subscription_shape::{New, blank};
use crate::store::{Kind, Store, random_id};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::value::{number, text};

/// Payment methods whose money arrives, or does not, days after the page is left.
const DELAYED: [&str; 6] =
    ["acss_debit", "bacs_debit", "boleto", "customer_balance", "sepa_debit", "us_bank_account"];

/// Completes an open session: makes the subscription, then `checkout.session.completed`.
pub(crate) fn pay(store: &mut Store, id: &str) -> Answer {
    let session = open(store, id)?;
    let customer = match text(&session["customer"]) {
        "" if session["mode"] == "payment" && session["customer_creation"] != "always" => None,
        "" => {
            let customer = customer::create_from_checkout(store, email(&session));
            Some(text(&customer["id"]).to_owned())
        }
        given => {
            store.referenced(Kind::Customer, given, "customer")?;
            Some(given.to_owned())
        }
    };
    store.in_time_of(customer.as_deref().unwrap_or_default(), |store| {
        complete(store, &session, customer.as_deref())
    })
}

fn complete(store: &mut Store, session: &Value, customer: Option<&str>) -> Answer {
    let mut completed = session.clone();
    completed["status"] = json!("complete");
    completed["url"] = Value::Null;
    completed["customer"] = json!(customer);
    completed["customer_details"] = details(store, session, customer);
    if session["automatic_tax"]["enabled"] == true {
        completed["automatic_tax"]["status"] = json!("complete");
    }
    let is_free = number(&session["amount_total"]) == 0;
    let is_delayed = session["mode"] == "payment" && is_delayed(session);
    completed["payment_status"] = json!(match (is_free, is_delayed) {
        (true, _) => "no_payment_required",
        (false, true) => "unpaid",
        (false, false) => "paid",
    });
    match (text(&session["mode"]), customer) {
        ("subscription", Some(customer)) => {
            let subscription = subscribe(store, session, customer)?;
            completed["subscription"] = subscription["id"].clone();
            completed["invoice"] = subscription["latest_invoice"].clone();
        }
        // Nothing to pay, no payment.
        _ if is_free => {}
        _ => completed["payment_intent"] = json!(take_money(store, session, customer, is_delayed)?),
    }
    if let Some(what) = redeemed_in(session).filter(|_| session["mode"] == "payment") {
        discount::count(store, &what.coupon["id"], &json!(what.promotion_code))?;
    }
    let completed = store.alter(Kind::CheckoutSession, text(&session["id"]), |stored| *stored = completed)?;
    store.emit("checkout.session.completed", &completed, None);
    Ok(completed)
}

/// Charges what a session of mode `payment` costs. Answers the id of the payment intent.
fn take_money(
    store: &mut Store,
    session: &Value,
    customer: Option<&str>,
    is_delayed: bool,
) -> Result<String, ApiError> {
    let wanted = Wanted {
        customer,
        amount: number(&session["amount_total"]),
        currency: session["currency"].clone(),
        description: session["_payment_description"].clone(),
        metadata: session["_payment_metadata"].as_object().cloned().unwrap_or_default().into(),
        invoice: None,
        method_types: session["payment_method_types"].clone(),
        email: json!(email(session)),
    };
    let intent = payment::intend(store, wanted);
    let outcome = if is_delayed { Outcome::Pending } else { Outcome::Succeeded };
    payment::attempt(store, &intent, "", outcome)?;
    Ok(intent)
}

fn subscribe(store: &mut Store, session: &Value, customer: &str) -> Answer {
    let now = store.now();
    let lines = session["_line_items"]["data"].as_array().map_or(&[][..], Vec::as_slice);
    let recurring = lines.iter().filter(|line| line["price"]["type"] == "recurring");
    let prices = recurring.map(|line| (line["price"].clone(), number(&line["quantity"]))).collect();
    let trial_days = session["_trial_days"].as_i64().map(|days| now + days * 86_400);
    let trial_end = session["_trial_end"].as_i64().or(trial_days);
    let metadata = session["_subscription_metadata"].clone();
    let mut subscription = blank(store, New { customer, prices, metadata, trial_end });
    subscription["automatic_tax"]["enabled"] = session["automatic_tax"]["enabled"].clone();
    subscription["description"] = session["_subscription_description"].clone();
    if let Some(behavior) = session["_missing_payment_method"].as_str() {
        subscription["trial_settings"]["end_behavior"]["missing_payment_method"] = json!(behavior);
    }
    // A trial that asks for no card up front is one that may end without a card.
    let has_card = trial_end.is_none() || session["payment_method_collection"] != "if_required";
    subscription["_no_card"] = json!(!has_card);
    if has_card {
        subscription["default_payment_method"] = json!(random_id("pm_1", 23));
    }
    if let Some(what) = redeemed_in(session) {
        let id = discount::redeem(store, &what, &subscription, None);
        discount::put(store, &mut subscription, &[id]);
    }
    let opened = subscription::open(store, subscription, FirstPayment::Succeeds)?;
    // What the trial's end asks for cannot be paid until there is a card.
    store.alter(Kind::Subscription, text(&opened["id"]), |row| row["_card_declines"] = json!(!has_card))
}

fn details(store: &Store, session: &Value, customer: Option<&str>) -> Value {
    let customer = customer.and_then(|id| store.table(Kind::Customer).get(id)).unwrap_or(&Value::Null);
    let email = customer["email"].as_str().or(email(session));
    json!({
        "address": customer["address"],
        "business_name": null,
        "email": email,
        "individual_name": null,
        "name": customer["name"],
        "phone": customer["phone"],
        "tax_exempt": "none",
        "tax_ids": [],
    })
}

/// The buyer's address, as far as it is known before there is a customer.
fn email(session: &Value) -> Option<&str> {
    session["customer_email"].as_str().or(session["_typed_email"].as_str())
}

/// The money of a delayed payment method arrives or fails.
pub(crate) fn settle(store: &mut Store, id: &str, succeeds: bool) -> Answer {
    let session = store.get(Kind::CheckoutSession, id)?;
    if session["status"] != "complete" || session["payment_status"] != "unpaid" {
        return Err(ApiError::invalid(format!("Checkout Session '{id}' awaits no payment.")));
    }
    let (customer, intent) =
        (text(&session["customer"]).to_owned(), text(&session["payment_intent"]).to_owned());
    store.in_time_of(&customer, |store| {
        payment::settle(store, &intent, succeeds)?;
        settle_session(store, id, succeeds)
    })
}

fn settle_session(store: &mut Store, id: &str, succeeds: bool) -> Answer {
    let (event, status) = match succeeds {
        true => ("checkout.session.async_payment_succeeded", "paid"),
        false => ("checkout.session.async_payment_failed", "unpaid"),
    };
    let session =
        store.alter(Kind::CheckoutSession, id, |session| session["payment_status"] = json!(status))?;
    store.emit(event, &session, None);
    Ok(session)
}

/// Redeems the promotion code that a person typed on the page, where the session takes one.
pub(crate) fn redeem_typed(store: &mut Store, id: &str, typed: &str) -> Answer {
    let session = open(store, id)?;
    let allowed = session["allow_promotion_codes"] == true;
    let customer = text(&session["customer"]);
    match discount::by_typed_code(store, typed, customer).filter(|_| allowed) {
        Some(what) => store.alter(Kind::CheckoutSession, id, |session| take_off_session(session, &what)),
        None => Err(ApiError::invalid("This code is invalid.")),
    }
}

/// A card that is declined leaves the session open.
pub(crate) fn decline(store: &mut Store, id: &str) -> Answer {
    open(store, id)
}

/// Ends an open session without a payment.
pub(crate) fn expire(store: &mut Store, id: &str) -> Answer {
    let session = store.get(Kind::CheckoutSession, id)?;
    if session["status"] != "open" {
        let status = text(&session["status"]);
        let message = format!(
            "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a \
             status of `{status}`."
        );
        return Err(ApiError::invalid(message));
    }
    let session = store.alter(Kind::CheckoutSession, id, |session| {
        session["status"] = json!("expired");
        session["url"] = Value::Null;
    })?;
    store.emit("checkout.session.expired", &session, None);
    Ok(session)
}

pub(crate) fn is_delayed(session: &Value) -> bool {
    let methods = session["payment_method_types"].as_array().map_or(&[][..], Vec::as_slice);
    methods.iter().any(|method| DELAYED.contains(&text(method)))
}

fn open(store: &Store, id: &str) -> Answer {
    let session = store.get(Kind::CheckoutSession, id)?;
    if session["status"] != "open" {
        let status = text(&session["status"]);
        return Err(ApiError::invalid(format!("This Checkout Session is no longer open: it is {status}.")));
    }
    Ok(session.clone())
}
