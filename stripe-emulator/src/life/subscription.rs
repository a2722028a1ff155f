//! A subscription's life: opened, renewed, failed, paid, paused, ended. What starts each step (a call, a
//! page, the clock) lives elsewhere.

use serde_json::{Value, json};

use super::card;
use super::discount;
use super::discount_invoice::{net_amount, use_up};
use super::invoice;
use super::invoice_payment;
use super::pending_update;
use super::schedule;
use super::subscription_items::{period, period_from, set_period};
use crate::store::{Kind, Store};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::value::{number, text};

const UPDATED: &str = "customer.subscription.updated";

/// How the first payment goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FirstPayment {
    Succeeds,
    Declines,
    /// The customer has yet to confirm it: the subscription stays `incomplete`.
    Awaited,
}

/// When the money for a period is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Collection {
    AtOnce,
    /// The customer has yet to confirm the payment.
    Awaited,
}

/// Announces a subscription whose first period is set, with its first invoice and payment.
pub(crate) fn open(store: &mut Store, mut subscription: Value, payment: FirstPayment) -> Answer {
    let id = text(&subscription["id"]).to_owned();
    let is_trial = !subscription["trial_end"].is_null();
    let is_free = is_trial || net_amount(store, &subscription) == 0;
    let status = match (is_trial, is_free) {
        (true, _) => "trialing",
        (false, true) => "active",
        (false, false) => "incomplete",
    };
    subscription["status"] = json!(status);
    subscription["_card_declines"] = json!(payment == FirstPayment::Declines);
    let invoice = invoice::draft(store, &subscription, "subscription_create", None);
    subscription["latest_invoice"] = json!(invoice);
    discount::announce(store, &Value::Null, &subscription)?;
    let subscription = store.insert(Kind::Subscription, subscription);
    store.emit("customer.subscription.created", &subscription, None);
    invoice::issue(store, &invoice)?;
    let mut rest = subscription;
    use_up(store, &mut rest, &invoice)?;
    store.change(Kind::Subscription, &id, UPDATED, |row| *row = rest)?;
    match payment {
        _ if is_free => invoice::mark_paid(store, &invoice)?,
        FirstPayment::Succeeds => settle(store, &id, &invoice, true)?,
        FirstPayment::Declines => settle(store, &id, &invoice, false)?,
        FirstPayment::Awaited => {}
    }
    store.get(Kind::Subscription, &id).cloned()
}

/// The subscription's next period: its invoice is paid or fails. A scheduled end comes instead.
pub(crate) fn renew(store: &mut Store, id: &str, succeeds: bool) -> Answer {
    let subscription = store.get(Kind::Subscription, id)?;
    refuse_ended(subscription)?;
    let start = period(subscription).end;
    let ends_at = subscription["cancel_at"].as_i64();
    if ends_at.is_some_and(|end| end <= start) {
        return end(store, id, "canceled", Some("cancellation_requested"));
    }
    store.alter(Kind::Subscription, id, |row| row["_card_declines"] = json!(!succeeds))?;
    start_period(store, id, start, "subscription_cycle", Collection::AtOnce)
}

/// Puts the subscription into the period that starts then, as what is planned for it, and charges for it.
pub(crate) fn start_period(
    store: &mut Store,
    id: &str,
    start: i64,
    reason: &str,
    collection: Collection,
) -> Answer {
    let mut coming = store.get(Kind::Subscription, id)?.clone();
    schedule::begin_phase(store, &mut coming, start)?;
    if coming["status"] == "trialing" {
        coming["status"] = json!("active");
    }
    let period = period_from(&coming, start);
    set_period(&mut coming, period);
    let invoice = invoice::draft(store, &coming, reason, None);
    coming["latest_invoice"] = json!(invoice);
    use_up(store, &mut coming, &invoice)?;
    let (unpaid, paused) = (coming["status"] == "unpaid", coming["pause_collection"].clone());
    store.change(Kind::Subscription, id, UPDATED, |subscription| *subscription = coming)?;
    if unpaid || paused["behavior"] == "keep_as_draft" {
        invoice::announce(store, &invoice)?;
        return store.get(Kind::Subscription, id).cloned();
    }
    invoice::issue(store, &invoice)?;
    match paused["behavior"].as_str() {
        Some("void") => invoice::close(store, &invoice, "void", "voided_at")?,
        Some(_) => invoice::close(store, &invoice, "uncollectible", "marked_uncollectible_at")?,
        None => ask_for(store, id, &invoice, collection)?,
    }
    store.get(Kind::Subscription, id).cloned()
}

/// Collects an open invoice, or waits for the customer to pay it. Nothing to pay is paid.
pub(crate) fn ask_for(
    store: &mut Store,
    id: &str,
    invoice: &str,
    collection: Collection,
) -> Result<(), ApiError> {
    if collection == Collection::AtOnce || number(&store.get(Kind::Invoice, invoice)?["amount_due"]) == 0 {
        return charge(store, id, invoice);
    }
    owe(store, id)
}

/// The latest invoice is not paid.
fn owe(store: &mut Store, id: &str) -> Result<(), ApiError> {
    store.change(Kind::Subscription, id, UPDATED, |subscription| {
        if subscription["status"] == "active" {
            subscription["status"] = json!("past_due");
        }
    })?;
    Ok(())
}

/// Tries to collect an open invoice with the card as it is.
pub(crate) fn charge(store: &mut Store, id: &str, invoice: &str) -> Result<(), ApiError> {
    let is_free = number(&store.get(Kind::Invoice, invoice)?["amount_due"]) == 0;
    let declines = card::declines(store.get(Kind::Subscription, id)?);
    settle(store, id, invoice, is_free || !declines)
}

/// What the outcome of a payment does to the subscription.
pub(crate) fn settle(store: &mut Store, id: &str, invoice: &str, succeeds: bool) -> Result<(), ApiError> {
    collect(store, id, invoice, succeeds)?;
    if succeeds {
        pending_update::apply(store, id, invoice)?;
        store.change(Kind::Subscription, id, UPDATED, |subscription| {
            let owes = matches!(text(&subscription["status"]), "incomplete" | "past_due" | "unpaid");
            // The newest invoice decides: whoever pays an older one still owes that.
            if owes && subscription["latest_invoice"] == invoice {
                subscription["status"] = json!("active");
            }
        })?;
        return invoice::mark_paid(store, invoice);
    }
    let subscription = store.get(Kind::Subscription, id)?;
    if subscription["_pending_invoice"] == invoice {
        // A change that waits for its payment goes on waiting, and the subscription stays as it is.
        return invoice::mark_failed(store, invoice, false).map(drop);
    }
    let is_first = subscription["status"] == "incomplete";
    let tried_again = invoice::mark_failed(store, invoice, !is_first)?;
    if is_first {
        return Ok(());
    }
    owe(store, id)?;
    if !tried_again {
        end(store, id, "canceled", Some("payment_failed"))?;
    }
    Ok(())
}

fn collect(store: &mut Store, id: &str, invoice: &str, succeeds: bool) -> Result<(), ApiError> {
    let method = card::of(store, store.get(Kind::Subscription, id)?);
    // A card that fails and pays nevertheless was another one, given on a page.
    let method = if succeeds && card::fails(method) { String::new() } else { method.to_owned() };
    invoice_payment::collect(store, invoice, &method, succeeds)
}

/// Pays what is open, as a customer with a new card does.
pub(crate) fn pay_open_invoice(store: &mut Store, id: &str) -> Answer {
    let subscription = store.get(Kind::Subscription, id)?;
    refuse_ended(subscription)?;
    let invoice = text(&subscription["latest_invoice"]).to_owned();
    pay_invoice(store, id, &invoice)
}

/// Pays one of a subscription's open invoices. One that has ended stays so.
pub(crate) fn pay_invoice(store: &mut Store, id: &str, invoice: &str) -> Answer {
    let found = store.table(Kind::Invoice).get(invoice);
    let found = found.filter(|found| found["parent"]["subscription_details"]["subscription"] == id);
    match found.map(|found| text(&found["status"])) {
        Some("draft") => invoice::finalize(store, invoice)?,
        Some("open" | "uncollectible") => {}
        _ => return Err(ApiError::invalid(format!("Subscription '{id}' has no open invoice."))),
    }
    store.alter(Kind::Subscription, id, |subscription| subscription["_card_declines"] = json!(false))?;
    settle(store, id, invoice, true)?;
    store.get(Kind::Subscription, id).cloned()
}

/// Ends a subscription at once.
pub(crate) fn end(store: &mut Store, id: &str, status: &str, reason: Option<&str>) -> Answer {
    let now = store.now();
    schedule::end_with(store, id, reason)?;
    let ended = store.alter(Kind::Subscription, id, |subscription| {
        subscription["status"] = json!(status);
        subscription["ended_at"] = json!(now);
        subscription["schedule"] = Value::Null;
        subscription["pending_update"] = Value::Null;
        subscription["_pending_invoice"] = Value::Null;
        if subscription["canceled_at"].is_null() {
            subscription["canceled_at"] = json!(now);
        }
        if let Some(reason) = reason {
            subscription["cancellation_details"]["reason"] = json!(reason);
        }
    })?;
    store.emit("customer.subscription.deleted", &ended, None);
    Ok(ended)
}

/// An incomplete subscription that nobody paid in time.
pub(crate) fn expire(store: &mut Store, id: &str) -> Answer {
    let now = store.now();
    let invoice = text(&store.get(Kind::Subscription, id)?["latest_invoice"]).to_owned();
    invoice::close(store, &invoice, "void", "voided_at")?;
    store.change(Kind::Subscription, id, UPDATED, |subscription| {
        subscription["status"] = json!("incomplete_expired");
        subscription["ended_at"] = json!(now);
    })
}

/// A trial that ended without a card: `status` becomes `paused`.
pub(crate) fn pause(store: &mut Store, id: &str) -> Answer {
    refuse_ended(store.get(Kind::Subscription, id)?)?;
    let paused = store.change(Kind::Subscription, id, UPDATED, |row| row["status"] = json!("paused"))?;
    store.emit("customer.subscription.paused", &paused, None);
    Ok(paused)
}

/// Takes a paused subscription up again, with a period that starts now.
pub(crate) fn resume(store: &mut Store, id: &str) -> Answer {
    if store.get(Kind::Subscription, id)?["status"] != "paused" {
        return Err(ApiError::invalid("Only subscriptions with the status `paused` can be resumed."));
    }
    let now = store.now();
    let mut resumed = store.get(Kind::Subscription, id)?.clone();
    resumed["status"] = json!("active");
    resumed["billing_cycle_anchor"] = json!(now);
    store.change(Kind::Subscription, id, UPDATED, |subscription| *subscription = resumed)?;
    let resumed = start_period(store, id, now, "subscription_update", Collection::AtOnce)?;
    store.emit("customer.subscription.resumed", &resumed, None);
    Ok(resumed)
}

/// Tells three days ahead that a trial ends.
pub(crate) fn tell_of_trial_end(store: &mut Store, id: &str) -> Answer {
    let subscription = store.alter(Kind::Subscription, id, |row| row["_trial_told"] = json!(true))?;
    store.emit("customer.subscription.trial_will_end", &subscription, None);
    Ok(subscription)
}

pub(crate) fn is_ended(subscription: &Value) -> bool {
    matches!(text(&subscription["status"]), "canceled" | "incomplete_expired")
}

pub(crate) fn refuse_ended(subscription: &Value) -> Result<(), ApiError> {
    if is_ended(subscription) {
        let message = "A canceled subscription can only update its cancellation_details and metadata.";
        return Err(ApiError::invalid(message));
    }
    Ok(())
}

/// Works on a subscription at the time its customer's test clock shows.
pub(crate) fn in_its_time(store: &mut Store, id: &str, work: impl FnOnce(&mut Store) -> Answer) -> Answer {
    let customer = text(&store.get(Kind::Subscription, id)?["customer"]).to_owned();
    store.in_time_of(&customer, work)
}
