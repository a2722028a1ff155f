//! Changes of a subscription that wait until their invoice is paid: `payment_behavior` is
//! `pending_if_incomplete`.

use serde_json::{Value, json};

use super::discount;
use super::discount_invoice::use_up;
use super::invoice;
use super::subscription_items::{period, set_period};
use crate::store::{Kind, Store};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::value::{number, text};

const UPDATED: &str = "customer.subscription.updated";
/// After that the change is given up, or with the period if that ends first.
const OPEN_FOR: i64 = 23 * 3_600;

/// Keeps a change back that could not be paid: the subscription stays as it is, and the invoice is open.
/// `wanted` is the subscription as it would be; `metadata` what is to be merged into its own, or null.
pub(crate) fn keep_back(
    store: &mut Store,
    id: &str,
    wanted: &Value,
    metadata: Value,
    invoice: &str,
) -> Answer {
    let current = store.get(Kind::Subscription, id)?.clone();
    let anchor = &wanted["billing_cycle_anchor"];
    let moves_anchor = *anchor != current["billing_cycle_anchor"];
    let ends_trial = wanted["trial_end"] != current["trial_end"];
    let differs = wanted["discounts"] != current["discounts"];
    let pending = json!({
        "billing_cycle_anchor": if moves_anchor { anchor.clone() } else { Value::Null },
        "discounts": if differs { wanted["discounts"].clone() } else { Value::Null },
        "expires_at": (store.now() + OPEN_FOR).min(period(&current).end),
        "metadata": metadata,
        "subscription_items": wanted["items"]["data"],
        "trial_end": if ends_trial { wanted["trial_end"].clone() } else { Value::Null },
        "trial_from_plan": null,
    });
    store.change(Kind::Subscription, id, UPDATED, |row| {
        row["pending_update"] = pending;
        row["latest_invoice"] = json!(invoice);
        row["_pending_invoice"] = json!(invoice);
    })
}

/// Carries out what waited for this invoice, which is paid now.
pub(crate) fn apply(store: &mut Store, id: &str, invoice: &str) -> Result<(), ApiError> {
    let current = store.get(Kind::Subscription, id)?.clone();
    if current["_pending_invoice"] != invoice {
        return Ok(());
    }
    let pending = &current["pending_update"];
    let mut rest = current.clone();
    if !pending["discounts"].is_null() {
        discount::put(store, &mut rest, &discount::ids(pending));
    }
    rest["items"]["data"] = pending["subscription_items"].clone();
    discount::announce(store, &current, &rest)?;
    use_up(store, &mut rest, invoice)?;
    let applied = store.change(Kind::Subscription, id, UPDATED, |row| {
        let lasting = period(&current);
        row["items"]["data"] = rest["items"]["data"].take();
        row["discounts"] = rest["discounts"].take();
        row["_discount"] = rest["_discount"].take();
        if pending["billing_cycle_anchor"].is_null() {
            set_period(row, lasting);
        } else {
            row["billing_cycle_anchor"] = pending["billing_cycle_anchor"].clone();
        }
        if !pending["trial_end"].is_null() {
            row["trial_end"] = pending["trial_end"].clone();
            row["status"] = json!("active");
        }
        for (name, value) in pending["metadata"].as_object().into_iter().flatten() {
            row["metadata"][name] = value.clone();
        }
        clear(row);
    })?;
    store.emit("customer.subscription.pending_update_applied", &applied, None);
    Ok(())
}

/// Gives up what waits, if anything does: its invoice is void.
pub(crate) fn discard(store: &mut Store, id: &str) -> Result<(), ApiError> {
    let invoice = text(&store.get(Kind::Subscription, id)?["_pending_invoice"]).to_owned();
    if invoice.is_empty() {
        return Ok(());
    }
    invoice::close(store, &invoice, "void", "voided_at")?;
    store.change(Kind::Subscription, id, UPDATED, clear)?;
    Ok(())
}

/// Nobody paid in time.
pub(crate) fn expire(store: &mut Store, id: &str) -> Answer {
    discard(store, id)?;
    let subscription = store.get(Kind::Subscription, id)?.clone();
    store.emit("customer.subscription.pending_update_expired", &subscription, None);
    Ok(subscription)
}

/// When what waits is given up, in seconds since 1970.
pub(crate) fn expires_at(subscription: &Value) -> Option<i64> {
    Some(number(subscription["pending_update"].get("expires_at")?))
}

fn clear(subscription: &mut Value) {
    subscription["pending_update"] = Value::Null;
    subscription["_pending_invoice"] = Value::Null;
}
