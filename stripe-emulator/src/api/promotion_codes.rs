//! `/v1/promotion_codes`: codes that people type, each for a coupon.

use serde_json::{Value, json};

use crate::life::discount;
use crate::store::{Kind, Store, random_id};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::list::{CREATED, Created, PAGING, filters, page};
use crate::wire::params::Params;
use crate::wire::value::text;

const CREATABLE: [&str; 9] = [
    "active",
    "code",
    "coupon",
    "customer",
    "expires_at",
    "max_redemptions",
    "metadata.*",
    "promotion.coupon",
    "promotion.type",
];

pub(crate) fn create(store: &mut Store, params: &Params) -> Answer {
    params.only(&CREATABLE)?;
    params.one_of("promotion.type", &["coupon"])?;
    // Until 2025-09-30 the coupon stood beside the code.
    let (id, param) = match params.text("coupon") {
        Some(id) => (id, "coupon"),
        None => (params.required("promotion.coupon")?, "promotion[coupon]"),
    };
    let coupon = discount::by_coupon(store, id, param)?.coupon;
    if let Some(customer) = params.text("customer") {
        store.referenced(Kind::Customer, customer, "customer")?;
    }
    let code = params.text("code").map_or_else(|| random_id("", 8).to_uppercase(), str::to_owned);
    if !code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        let error = ApiError::invalid("A promotion code has letters, digits and dashes only.");
        return Err(error.param("code"));
    }
    let is_same = |row: &Value| row["active"] == true && text(&row["code"]).eq_ignore_ascii_case(&code);
    if store.rows(Kind::PromotionCode).iter().any(is_same) {
        let message = format!("An active promotion code with `code: {code}` already exists.");
        return Err(ApiError::invalid(message).param("code"));
    }
    let promotion_code = store.insert(
        Kind::PromotionCode,
        json!({
            "id": store.new_id(Kind::PromotionCode),
            "object": "promotion_code",
            "active": params.flag("active")?.unwrap_or(true),
            "code": code,
            "created": store.now(),
            "customer": params.text("customer"),
            "customer_account": null,
            "expires_at": params.int("expires_at")?,
            "livemode": store.livemode,
            "max_redemptions": params.int("max_redemptions")?,
            "metadata": params.metadata("metadata"),
            "promotion": { "type": "coupon", "coupon": coupon["id"] },
            "restrictions": {
                "first_time_transaction": false, "minimum_amount": null, "minimum_amount_currency": null,
            },
            "times_redeemed": 0,
            "_coupon": coupon,
        }),
    );
    store.emit("promotion_code.created", &promotion_code, None);
    Ok(promotion_code)
}

pub(crate) fn update(store: &mut Store, id: &str, params: &Params) -> Answer {
    params.only(&["active", "metadata.*"])?;
    let mut changed = store.get(Kind::PromotionCode, id)?.clone();
    if let Some(active) = params.flag("active")? {
        changed["active"] = json!(active);
    }
    params.merge_metadata("metadata", &mut changed["metadata"]);
    store.change(Kind::PromotionCode, id, "promotion_code.updated", |code| *code = changed)
}

pub(crate) fn list(store: &Store, params: &Params) -> Answer {
    params.only(&[&PAGING[..], &CREATED, &["active", "code", "coupon", "customer"]].concat())?;
    let (created, coupon) = (Created::read(params)?, params.text("coupon"));
    let code = params.text("code");
    let found = store.rows(Kind::PromotionCode).iter().filter(|row| {
        created.fits(row)
            && code.is_none_or(|code| text(&row["code"]).eq_ignore_ascii_case(code))
            && coupon.is_none_or(|coupon| row["promotion"]["coupon"] == coupon)
            && filters(params, row, &["active", "customer"])
    });
    page("/v1/promotion_codes", params, found)
}
