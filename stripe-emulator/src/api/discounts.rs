//! The `discounts` of calls that make or change a subscription, and `DELETE /v1/subscriptions/{id}/discount`.

use serde_json::{Value, json};

use crate::life::discount::{self, Redeemable};
use crate::life::subscription::in_its_time;
use crate::store::{Kind, Store};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::params::{Params, brackets};
use crate::wire::value::text;

/// Stripe takes so many discounts of one subscription or item.
const MOST: usize = 20;

/// One of the discounts that a call wants.
enum Wanted {
    /// One that is there already.
    Kept(String),
    New(Redeemable),
}

/// Puts the discounts on a subscription and its items that a call asks for. Nobody is told yet.
pub(super) fn change(store: &mut Store, params: &Params, subscription: &mut Value) -> Result<(), ApiError> {
    let customer = text(&subscription["customer"]).to_owned();
    if let Some(wanted) = wanted(store, params, "", &customer, subscription)? {
        let ids = carry_out(store, wanted, subscription, None);
        discount::put(store, subscription, &ids);
    }
    for position in 0..params.list("items").len() {
        let within = format!("items.{position}.");
        let place = place(params, &within, position, subscription);
        let Some(item) = place.map(|place| subscription["items"]["data"][place].clone()) else { continue };
        if let Some(wanted) = wanted(store, params, &within, &customer, &item)? {
            let ids = carry_out(store, wanted, subscription, Some(&item));
            subscription["items"]["data"][place.unwrap_or_default()]["discounts"] = json!(ids);
        }
    }
    Ok(())
}

/// Where the item is that a parameter is about: by its id, or in the order of the call.
fn place(params: &Params, within: &str, position: usize, subscription: &Value) -> Option<usize> {
    let items = subscription["items"]["data"].as_array()?;
    match params.text(&format!("{within}id")) {
        Some(id) => items.iter().position(|item| item["id"] == id),
        // A new one stands at the end.
        None if params.list("items").len() <= items.len() => {
            Some(items.len() - params.list("items").len() + position)
        }
        None => None,
    }
}

/// None: the call says nothing of discounts.
fn wanted(
    store: &Store,
    params: &Params,
    within: &str,
    customer: &str,
    holder: &Value,
) -> Result<Option<Vec<Wanted>>, ApiError> {
    let path = format!("{within}discounts");
    let listed = params.list(&path).len();
    if listed > MOST {
        return Err(ApiError::invalid(format!("You may only pass {MOST} discounts.")).param(brackets(&path)));
    }
    // Until 2025-03-31 there was one, of the subscription.
    let single = |name: &str| within.is_empty() && params.get(name).is_some();
    if listed == 0 && !params.unsets(&path) {
        if !single("coupon") && !single("promotion_code") {
            return Ok(None);
        }
        return Ok(Some(one(store, params, "", customer, holder)?.into_iter().collect()));
    }
    let mut wanted = Vec::new();
    for position in 0..listed {
        let within = format!("{path}.{position}.");
        let found = one(store, params, &within, customer, holder)?;
        wanted.push(found.ok_or_else(|| ApiError::missing_param(&brackets(&format!("{within}coupon"))))?);
    }
    Ok(Some(wanted))
}

fn one(
    store: &Store,
    params: &Params,
    within: &str,
    customer: &str,
    holder: &Value,
) -> Result<Option<Wanted>, ApiError> {
    let [coupon, code, kept] = ["coupon", "promotion_code", "discount"].map(|name| format!("{within}{name}"));
    if let Some(id) = params.text(&coupon) {
        return discount::by_coupon(store, id, &brackets(&coupon)).map(Wanted::New).map(Some);
    }
    if let Some(id) = params.text(&code) {
        let found = discount::by_promotion_code(store, id, customer, &brackets(&code));
        return found.map(Wanted::New).map(Some);
    }
    let Some(id) = params.text(&kept) else { return Ok(None) };
    if !discount::ids(holder).iter().any(|known| known == id) {
        return Err(ApiError::no_such(Kind::Discount.noun(), id, &brackets(&kept)));
    }
    Ok(Some(Wanted::Kept(id.to_owned())))
}

fn carry_out(
    store: &mut Store,
    wanted: Vec<Wanted>,
    subscription: &Value,
    item: Option<&Value>,
) -> Vec<String> {
    let id = |wanted| match wanted {
        Wanted::Kept(id) => id,
        Wanted::New(what) => discount::redeem(store, &what, subscription, item),
    };
    wanted.into_iter().map(id).collect()
}

/// Takes the discounts off a subscription; those of its items stay.
pub(crate) fn delete(store: &mut Store, id: &str) -> Answer {
    let before = store.get(Kind::Subscription, id)?.clone();
    let Some(first) = discount::ids(&before).into_iter().next() else {
        let error = ApiError::invalid("No active discount for this subscription.");
        return Err(error.code("resource_missing").status(404));
    };
    let mut after = before.clone();
    discount::put(store, &mut after, &[]);
    in_its_time(store, id, |store| {
        discount::announce(store, &before, &after)?;
        store.change(Kind::Subscription, id, "customer.subscription.updated", |row| *row = after)
    })?;
    let mut deleted = store.get(Kind::Discount, &first)?.clone();
    deleted["deleted"] = json!(true);
    Ok(deleted)
}
