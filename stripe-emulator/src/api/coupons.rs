//! `/v1/coupons`.

use serde_json::{Value, json};

use crate::store::{Kind, Store};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::list::{CREATED, Created, PAGING, page};
use crate::wire::params::Params;
use crate::wire::value::text;

const CREATABLE: [&str; 10] = [
    "amount_off",
    "currency",
    "duration",
    "duration_in_months",
    "id",
    "max_redemptions",
    "metadata.*",
    "name",
    "percent_off",
    "redeem_by",
];

/// The first version that makes no coupon of an amount for ever.
const NO_AMOUNT_FOR_EVER: &str = "2025-03-31";

pub(crate) fn create(store: &mut Store, params: &Params, version: &str) -> Answer {
    params.only(&CREATABLE)?;
    let (percent, amount) = (percent_off(params)?, params.int("amount_off")?);
    let currency = match (percent, amount) {
        (None, None) => return Err(ApiError::invalid("You must pass either `percent_off` or `amount_off`.")),
        (Some(_), Some(_)) => {
            let message = "You may only specify one of these parameters: amount_off, percent_off.";
            return Err(ApiError::invalid(message));
        }
        (Some(_), None) => None,
        (None, Some(amount)) if amount < 1 => {
            let error = ApiError::invalid("This value must be greater than or equal to 1.");
            return Err(error.code("parameter_invalid_integer").param("amount_off"));
        }
        (None, Some(_)) => Some(params.required("currency")?.to_lowercase()),
    };
    let duration = params.one_of("duration", &["forever", "once", "repeating"])?.unwrap_or("once");
    let months = params.int("duration_in_months")?;
    match (duration, months) {
        ("repeating", None) => return Err(ApiError::missing_param("duration_in_months")),
        ("repeating", Some(months)) if months > 0 => {}
        (_, Some(_)) => {
            let message = "You can only specify `duration_in_months`, a positive integer, where `duration` \
                           is `repeating`.";
            return Err(ApiError::invalid(message).param("duration_in_months"));
        }
        ("forever", None) if amount.is_some() && version >= NO_AMOUNT_FOR_EVER => {
            let message = "You can't create a coupon with `amount_off` and a `duration` of `forever`.";
            return Err(ApiError::invalid(message).param("duration"));
        }
        _ => {}
    }
    let id = params.text("id").map_or_else(|| store.new_id(Kind::Coupon), str::to_owned);
    if store.table(Kind::Coupon).get(&id).is_some_and(|coupon| coupon["_deleted"] != true) {
        return Err(ApiError::invalid("Coupon already exists.").code("resource_already_exists").param("id"));
    }
    // One of the same id that was deleted stays on the discounts that were made of it.
    store.remove(Kind::Coupon, &id);
    let coupon = store.insert(
        Kind::Coupon,
        json!({
            "id": id,
            "object": "coupon",
            "amount_off": amount,
            "created": store.now(),
            "currency": currency,
            "duration": duration,
            "duration_in_months": months,
            "livemode": store.livemode,
            "max_redemptions": params.int("max_redemptions")?,
            "metadata": params.metadata("metadata"),
            "name": params.text("name"),
            "percent_off": percent,
            "redeem_by": params.int("redeem_by")?,
            "times_redeemed": 0,
            "valid": true,
        }),
    );
    store.emit("coupon.created", &coupon, None);
    Ok(coupon)
}

fn percent_off(params: &Params) -> Result<Option<f64>, ApiError> {
    let Some(given) = params.text("percent_off") else { return Ok(None) };
    match given.parse::<f64>() {
        Ok(percent) if percent > 0.0 && percent <= 100.0 => Ok(Some(percent)),
        _ => {
            let message = "`percent_off` must be larger than 0 and no larger than 100.";
            Err(ApiError::invalid(message).param("percent_off"))
        }
    }
}

/// One that was not deleted; else a 404.
fn existing<'a>(store: &'a Store, id: &str) -> Result<&'a Value, ApiError> {
    let coupon = store.get(Kind::Coupon, id).ok().filter(|coupon| coupon["_deleted"] != true);
    coupon.ok_or_else(|| ApiError::no_such(Kind::Coupon.noun(), id, "coupon").status(404))
}

pub(crate) fn retrieve(store: &Store, id: &str, params: &Params) -> Answer {
    params.only(&[])?;
    existing(store, id).cloned()
}

pub(crate) fn update(store: &mut Store, id: &str, params: &Params) -> Answer {
    params.only(&["metadata.*", "name"])?;
    let mut changed = existing(store, id)?.clone();
    params.copy(&["name"], &mut changed);
    params.merge_metadata("metadata", &mut changed["metadata"]);
    store.change(Kind::Coupon, id, "coupon.updated", |coupon| *coupon = changed)
}

/// Nobody can redeem it any more. Who has, keeps the discount.
pub(crate) fn delete(store: &mut Store, id: &str) -> Answer {
    existing(store, id)?;
    let deleted = store.alter(Kind::Coupon, id, |coupon| {
        coupon["_deleted"] = json!(true);
        coupon["valid"] = json!(false);
    })?;
    store.emit("coupon.deleted", &deleted, None);
    Ok(json!({ "id": text(&deleted["id"]), "object": "coupon", "deleted": true }))
}

pub(crate) fn list(store: &Store, params: &Params) -> Answer {
    params.only(&[&PAGING[..], &CREATED].concat())?;
    let created = Created::read(params)?;
    let there = |coupon: &&Value| coupon["_deleted"] != true && created.fits(coupon);
    page("/v1/coupons", params, store.rows(Kind::Coupon).iter().filter(there))
}
