//! Coupons redeemed into discounts: which may be, and what a subscription's discounts become of.

use serde_json::{Value, json};

use super::calendar::months_after;
use super::subscription_items::items;
use crate::store::{Kind, Store};
use crate::wire::errors::ApiError;
use crate::wire::value::{number, text};

/// A coupon that may be redeemed now, and the promotion code that somebody gave.
#[derive(Debug, Clone)]
pub(crate) struct Redeemable {
    pub(crate) coupon: Value,
    pub(crate) promotion_code: Option<String>,
}

/// The coupon of this id.
pub(crate) fn by_coupon(store: &Store, id: &str, param: &str) -> Result<Redeemable, ApiError> {
    let coupon = store.referenced(Kind::Coupon, id, param)?;
    let coupon = (coupon["_deleted"] != true).then_some(coupon);
    let coupon = coupon.ok_or_else(|| ApiError::no_such(Kind::Coupon.noun(), id, param))?;
    if !is_valid(store, coupon) {
        let error = ApiError::invalid(format!("Coupon expired: {id}"));
        return Err(error.code("coupon_expired").param(param));
    }
    Ok(Redeemable { coupon: coupon.clone(), promotion_code: None })
}

/// The promotion code of this id, for this customer.
pub(crate) fn by_promotion_code(
    store: &Store,
    id: &str,
    customer: &str,
    param: &str,
) -> Result<Redeemable, ApiError> {
    let code = store.referenced(Kind::PromotionCode, id, param)?;
    let whose = text(&code["customer"]);
    let spent = code["max_redemptions"].as_i64().is_some_and(|most| number(&code["times_redeemed"]) >= most);
    let late = code["expires_at"].as_i64().is_some_and(|at| at <= store.now());
    if code["active"] != true || spent || late || !(whose.is_empty() || whose == customer) {
        let error = ApiError::invalid("This promotion code cannot be redeemed.");
        return Err(error.code("promotion_code_invalid").param(param));
    }
    let coupon = by_coupon(store, text(&code["promotion"]["coupon"]), param)?.coupon;
    Ok(Redeemable { coupon, promotion_code: Some(id.to_owned()) })
}

/// What a person typed, in any case. None: it is no code that this customer may redeem.
pub(crate) fn by_typed_code(store: &Store, typed: &str, customer: &str) -> Option<Redeemable> {
    let is_it = |row: &&Value| row["active"] == true && text(&row["code"]).eq_ignore_ascii_case(typed.trim());
    let codes = store.rows(Kind::PromotionCode).iter().filter(is_it);
    codes.filter_map(|row| by_promotion_code(store, text(&row["id"]), customer, "code").ok()).next()
}

pub(crate) fn is_valid(store: &Store, coupon: &Value) -> bool {
    let spent =
        coupon["max_redemptions"].as_i64().is_some_and(|most| number(&coupon["times_redeemed"]) >= most);
    let late = coupon["redeem_by"].as_i64().is_some_and(|at| at <= store.now());
    coupon["_deleted"] != true && !spent && !late
}

/// Makes a discount of a subscription, or of one of its items. Nobody is told yet. Answers its id.
pub(crate) fn redeem(
    store: &mut Store,
    what: &Redeemable,
    subscription: &Value,
    item: Option<&Value>,
) -> String {
    let (id, now) = (store.new_id(Kind::Discount), store.now());
    let months = what.coupon["duration_in_months"].as_i64();
    store.insert(
        Kind::Discount,
        json!({
            "id": id,
            "object": "discount",
            "checkout_session": null,
            "customer": subscription["customer"],
            "customer_account": null,
            "end": months.map(|months| months_after(now, months)),
            "invoice": null,
            "invoice_item": null,
            "promotion_code": what.promotion_code,
            "source": { "type": "coupon", "coupon": what.coupon["id"] },
            "start": now,
            "subscription": subscription["id"],
            "subscription_item": item.map(|item| item["id"].clone()),
            "_coupon": what.coupon,
        }),
    );
    id
}

/// Puts discounts on a subscription, or on one of its items, in place of those that it has.
pub(crate) fn put(store: &Store, holder: &mut Value, ids: &[String]) {
    holder["discounts"] = json!(ids);
    if holder["object"] == "subscription" {
        let first = ids.first().and_then(|id| store.table(Kind::Discount).get(id));
        holder["_discount"] = first.cloned().unwrap_or_default();
    }
}

/// The ids of the discounts on a subscription or an item.
pub(crate) fn ids(holder: &Value) -> Vec<String> {
    let ids = holder["discounts"].as_array().into_iter().flatten();
    ids.map(|id| text(id).to_owned()).collect()
}

/// Those of a subscription and of its items.
fn all_ids(subscription: &Value) -> Vec<String> {
    items(subscription).iter().chain([subscription]).flat_map(ids).collect()
}

/// Counts and tells of what came on a subscription, and tells of what went.
pub(crate) fn announce(store: &mut Store, before: &Value, after: &Value) -> Result<(), ApiError> {
    let (old, new) = (all_ids(before), all_ids(after));
    for id in new.iter().filter(|id| !old.contains(id)) {
        let discount = store.get(Kind::Discount, id)?.clone();
        count(store, &discount["source"]["coupon"], &discount["promotion_code"])?;
        store.emit("customer.discount.created", &discount, None);
    }
    for id in old.iter().filter(|id| !new.contains(id)) {
        let mut discount = store.get(Kind::Discount, id)?.clone();
        discount["deleted"] = json!(true);
        store.emit("customer.discount.deleted", &discount, None);
    }
    Ok(())
}

/// Counts that a coupon was redeemed, and the promotion code where there was one.
pub(crate) fn count(store: &mut Store, coupon: &Value, promotion_code: &Value) -> Result<(), ApiError> {
    let one_more = |row: &mut Value| row["times_redeemed"] = json!(number(&row["times_redeemed"]) + 1);
    let counted = store.alter(Kind::Coupon, text(coupon), one_more)?;
    let valid = is_valid(store, &counted);
    store.alter(Kind::Coupon, text(coupon), |row| row["valid"] = json!(valid))?;
    if let Some(code) = promotion_code.as_str() {
        store.alter(Kind::PromotionCode, code, one_more)?;
    }
    Ok(())
}

/// Takes off a subscription what `goes`.
pub(crate) fn drop_those(store: &Store, subscription: &mut Value, goes: impl Fn(&Value) -> bool) {
    let stays = |id: &String| store.table(Kind::Discount).get(id).is_some_and(|discount| !goes(discount));
    let drop_from = |holder: &mut Value| {
        let (all, kept): (_, Vec<String>) = (ids(holder), ids(holder).into_iter().filter(stays).collect());
        if kept != all {
            put(store, holder, &kept);
        }
    };
    drop_from(subscription);
    subscription["items"]["data"].as_array_mut().into_iter().flatten().for_each(drop_from);
}

/// When the first of a subscription's discounts ends, in seconds since 1970.
pub(crate) fn first_end(store: &Store, subscription: &Value) -> Option<i64> {
    let discounts = all_ids(subscription);
    discounts.iter().filter_map(|id| store.table(Kind::Discount).get(id)?["end"].as_i64()).min()
}

/// Takes off what has ended.
pub(crate) fn end_due(store: &mut Store, id: &str) -> Result<Value, ApiError> {
    let (before, now) = (store.get(Kind::Subscription, id)?.clone(), store.now());
    let mut after = before.clone();
    drop_those(store, &mut after, |discount| discount["end"].as_i64().is_some_and(|end| end <= now));
    announce(store, &before, &after)?;
    store.change(Kind::Subscription, id, "customer.subscription.updated", |row| *row = after)
}
