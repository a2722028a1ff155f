//! What discounts take off an invoice, a period or a checkout.

use serde_json::{Value, json};

use super::discount;
use super::subscription_items::{amount, items};
use crate::store::{Kind, Store};
use crate::wire::errors::ApiError;
use crate::wire::value::{number, text};

/// What is taken off one amount: each discount with its part.
type Taken = Vec<(String, i64)>;

/// What a coupon takes off an amount, in the currency's smallest unit.
pub(crate) fn part(coupon: &Value, amount: i64, currency: &Value) -> i64 {
    match (coupon["percent_off"].as_f64(), coupon["amount_off"].as_i64()) {
        (Some(percent), _) => (amount as f64 * percent / 100.0).round() as i64,
        (None, Some(off)) if coupon["currency"] == *currency => off.min(amount),
        _ => 0,
    }
}

/// What is taken off each line of a subscription's bill: first an item's own discounts, then those of all.
fn taken(store: &Store, subscription: &Value, amounts: &[i64]) -> Vec<Taken> {
    let currency = &subscription["currency"];
    let mut left = amounts.to_vec();
    let mut taken: Vec<Taken> = vec![Vec::new(); amounts.len()];
    let mut take = |line: usize, id: &str, coupon: &Value| {
        let off = part(coupon, left[line], currency);
        left[line] -= off;
        if off > 0 {
            taken[line].push((id.to_owned(), off));
        }
        off
    };
    for (line, item) in items(subscription).iter().take(amounts.len()).enumerate() {
        for id in discount::ids(item) {
            take(line, &id, &coupon(store, &id));
        }
    }
    for id in discount::ids(subscription) {
        let mut coupon = coupon(store, &id);
        for line in 0..amounts.len() {
            let off = take(line, &id, &coupon);
            if let Some(rest) = coupon["amount_off"].as_i64() {
                coupon["amount_off"] = json!(rest - off);
            }
        }
    }
    taken
}

fn coupon(store: &Store, discount: &str) -> Value {
    store.table(Kind::Discount).get(discount).map_or(Value::Null, |discount| discount["_coupon"].clone())
}

/// What one period costs, less the discounts.
pub(crate) fn net_amount(store: &Store, subscription: &Value) -> i64 {
    let cost = |item: &Value| number(&item["price"]["unit_amount"]) * number(&item["quantity"]);
    let amounts: Vec<i64> = items(subscription).iter().map(cost).collect();
    let off: i64 = taken(store, subscription, &amounts).iter().flatten().map(|(_, off)| off).sum();
    amount(subscription) - off
}

/// Takes the subscription's discounts off its invoice, which is a draft.
pub(crate) fn apply(store: &Store, subscription: &Value, invoice: &mut Value) {
    invoice["discounts"] = subscription["discounts"].clone();
    invoice["_discount"] = subscription["_discount"].clone();
    let Some(lines) = invoice["lines"]["data"].as_array_mut() else { return };
    let amounts: Vec<i64> = lines.iter().map(|line| number(&line["amount"])).collect();
    let taken = taken(store, subscription, &amounts);
    for ((line, item), taken) in lines.iter_mut().zip(items(subscription)).zip(&taken) {
        line["discounts"] = item["discounts"].clone();
        line["discount_amounts"] = amounts_of(taken);
    }
    let mut sums: Taken = Vec::new();
    for (id, off) in taken.into_iter().flatten() {
        match sums.iter_mut().find(|(known, _)| *known == id) {
            Some((_, sum)) => *sum += off,
            None => sums.push((id, off)),
        }
    }
    let off: i64 = sums.iter().map(|(_, off)| off).sum();
    invoice["total_discount_amounts"] = amounts_of(&sums);
    for name in ["amount_due", "amount_remaining", "total", "total_excluding_tax"] {
        invoice[name] = json!(number(&invoice[name]) - off);
    }
}

fn amounts_of(taken: &[(String, i64)]) -> Value {
    taken.iter().map(|(id, off)| json!({ "amount": off, "discount": id })).collect()
}

/// Takes off a subscription what applied once and has, on this invoice.
pub(crate) fn use_up(store: &mut Store, subscription: &mut Value, invoice: &str) -> Result<(), ApiError> {
    let applied = &store.get(Kind::Invoice, invoice)?["total_discount_amounts"];
    let applied: Vec<String> =
        applied.as_array().into_iter().flatten().map(|one| text(&one["discount"]).to_owned()).collect();
    let before = subscription.clone();
    discount::drop_those(store, subscription, |discount| {
        discount["_coupon"]["duration"] == "once" && applied.iter().any(|id| discount["id"] == *id)
    });
    discount::announce(store, &before, subscription)
}

/// Takes a coupon off a checkout session: its lines and its sums.
pub(crate) fn take_off_session(session: &mut Value, what: &discount::Redeemable) {
    let mut coupon = what.coupon.clone();
    let mut sum = 0;
    let currency = session["currency"].clone();
    for line in session["_line_items"]["data"].as_array_mut().into_iter().flatten() {
        let subtotal = number(&line["amount_subtotal"]);
        let off = part(&coupon, subtotal, &currency);
        if let Some(rest) = coupon["amount_off"].as_i64() {
            coupon["amount_off"] = json!(rest - off);
        }
        line["amount_discount"] = json!(off);
        line["amount_total"] = json!(subtotal - off);
        sum += off;
    }
    // A trial is free as it is.
    let due = number(&session["amount_subtotal"]);
    let off = sum.min(due);
    session["total_details"]["amount_discount"] = json!(off);
    session["amount_total"] = json!(due - off);
    session["discounts"] = json!([{ "coupon": what.coupon["id"], "promotion_code": what.promotion_code }]);
    session["_redeems"] = json!({ "coupon": what.coupon, "promotion_code": what.promotion_code });
}

/// The coupon that a checkout session takes off.
pub(crate) fn redeemed_in(session: &Value) -> Option<discount::Redeemable> {
    let redeems = session.get("_redeems")?;
    Some(discount::Redeemable {
        coupon: redeems["coupon"].clone(),
        promotion_code: redeems["promotion_code"].as_str().map(str::to_owned),
    })
}
