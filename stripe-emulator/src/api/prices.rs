//! `/v1/prices`, found by `lookup_key`.

use serde_json::{Value, json};

use crate::life::{price, product};
use crate::store::{Kind, Store};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::list::{CREATED, Created, PAGING, filters, page};
use crate::wire::params::Params;
use crate::wire::value::text;

const WRITABLE: [&str; 7] = [
    "active",
    "currency_options.*",
    "lookup_key",
    "metadata.*",
    "nickname",
    "tax_behavior",
    "transfer_lookup_key",
];

const CREATABLE: [&str; 12] = [
    "billing_scheme",
    "currency",
    "product",
    "product_data.name",
    "product_data.metadata.*",
    "product_data.active",
    "recurring.interval",
    "recurring.interval_count",
    "recurring.usage_type",
    "recurring.trial_period_days",
    "unit_amount",
    "unit_amount_decimal",
];

pub(crate) fn create(store: &mut Store, params: &Params) -> Answer {
    params.only(&[&WRITABLE[..], &CREATABLE].concat())?;
    let currency = params.required("currency")?.to_lowercase();
    let amount = unit_amount(params)?;
    let recurring = recurring(params)?;
    free_lookup_key(store, params, None)?;
    let product = product(store, params)?;
    let mut price = json!({
        "id": store.new_id(Kind::Price),
        "object": "price",
        "active": params.flag("active")?.unwrap_or(true),
        "billing_scheme": "per_unit",
        "created": store.now(),
        "currency": currency,
        "custom_unit_amount": null,
        "livemode": store.livemode,
        "lookup_key": params.text("lookup_key"),
        "metadata": params.metadata("metadata"),
        "nickname": params.text("nickname"),
        "product": product,
        "type": if recurring.is_null() { "one_time" } else { "recurring" },
        "recurring": recurring,
        "tax_behavior": params.text("tax_behavior").unwrap_or("unspecified"),
        "tiers_mode": null,
        "transform_quantity": null,
        "unit_amount": amount,
        "unit_amount_decimal": amount.to_string(),
    });
    price["_currency_options"] = json!({ text(&price["currency"]): currency_option(&price) });
    set_currency_options(params, &mut price)?;
    let price = store.insert(Kind::Price, price);
    store.emit("price.created", &price, None);
    Ok(price)
}

pub(crate) fn update(store: &mut Store, id: &str, params: &Params) -> Answer {
    params.only(&WRITABLE)?;
    store.get(Kind::Price, id)?;
    let active = params.flag("active")?;
    if active == Some(false) {
        let product = store.table(Kind::Product).get(text(&store.get(Kind::Price, id)?["product"]));
        if product.is_some_and(|product| product["default_price"] == id) {
            let message = "This price cannot be archived because it is the default price of its product.";
            return Err(ApiError::invalid(message));
        }
    }
    let mut options = store.get(Kind::Price, id)?.clone();
    set_currency_options(params, &mut options)?;
    free_lookup_key(store, params, Some(id))?;
    price::change(store, id, |price| {
        price["_currency_options"] = options["_currency_options"].take();
        if let Some(active) = active {
            price["active"] = json!(active);
        }
        params.copy(&["lookup_key", "nickname", "tax_behavior"], price);
        params.merge_metadata("metadata", &mut price["metadata"]);
    })
}

pub(crate) fn list(store: &Store, params: &Params) -> Answer {
    const FILTERS: [&str; 7] = [
        "active",
        "currency",
        "lookup_keys",
        "product",
        "type",
        "recurring.interval",
        "recurring.usage_type",
    ];
    params.only(&[&PAGING[..], &CREATED, &FILTERS].concat())?;
    let (created, keys) = (Created::read(params)?, params.texts("lookup_keys"));
    let interval = params.text("recurring.interval");
    let found = store.rows(Kind::Price).iter().filter(|price| {
        created.fits(price)
            && filters(params, price, &["active", "currency", "product", "type"])
            && (keys.is_empty() || keys.contains(&text(&price["lookup_key"])))
            && interval.is_none_or(|wanted| price["recurring"]["interval"] == wanted)
    });
    page("/v1/prices", params, found)
}

/// The active price with this lookup key.
pub(crate) fn by_lookup_key<'a>(store: &'a Store, key: &str) -> Result<&'a Value, ApiError> {
    let found =
        store.rows(Kind::Price).iter().find(|price| price["lookup_key"] == key && price["active"] == true);
    found.ok_or_else(|| ApiError::no_such("price", key, "lookup_key"))
}

fn unit_amount(params: &Params) -> Result<i64, ApiError> {
    match (params.int("unit_amount")?, params.int("unit_amount_decimal")?) {
        (Some(amount), _) | (None, Some(amount)) if amount >= 0 => Ok(amount),
        (None, None) => Err(ApiError::missing_param("unit_amount")),
        _ => Err(ApiError::invalid("Invalid non-negative integer").param("unit_amount")),
    }
}

/// What the price charges in its own currency, as one of its currency options.
fn currency_option(price: &Value) -> Value {
    json!({
        "custom_unit_amount": null,
        "tax_behavior": price["tax_behavior"],
        "unit_amount": price["unit_amount"],
        "unit_amount_decimal": price["unit_amount_decimal"],
    })
}

/// What the price charges in other currencies. An empty value takes a currency out.
fn set_currency_options(params: &Params, price: &mut Value) -> Result<(), ApiError> {
    let given = params.get("currency_options").and_then(Value::as_object);
    for (currency, option) in given.into_iter().flatten() {
        if option.as_str() == Some("") {
            if let Some(options) = price["_currency_options"].as_object_mut() {
                options.remove(currency);
            }
            continue;
        }
        let option = Params::from_json(option);
        let amount = unit_amount(&option)?;
        price["_currency_options"][currency] = json!({
            "custom_unit_amount": null,
            "tax_behavior": option.text("tax_behavior").unwrap_or("unspecified"),
            "unit_amount": amount,
            "unit_amount_decimal": amount.to_string(),
        });
    }
    Ok(())
}

fn recurring(params: &Params) -> Answer {
    if params.get("recurring").is_none() {
        return Ok(Value::Null);
    }
    params.required("recurring.interval")?;
    let interval = params.one_of("recurring.interval", &["day", "week", "month", "year"])?;
    Ok(json!({
        "interval": interval,
        "interval_count": params.int("recurring.interval_count")?.unwrap_or(1),
        "meter": null,
        "trial_period_days": params.int("recurring.trial_period_days")?,
        "usage_type": params.text("recurring.usage_type").unwrap_or("licensed"),
    }))
}

fn product(store: &mut Store, params: &Params) -> Answer {
    if let Some(data) = params.get("product_data") {
        let product = product::make(store, &Params::from_json(data))?;
        store.emit("product.created", &product, None);
        return Ok(product["id"].clone());
    }
    let id = params.required("product")?;
    Ok(store.referenced(Kind::Product, id, "product")?["id"].clone())
}

/// A lookup key names one price of the account; `transfer_lookup_key` takes it from the price that has it.
fn free_lookup_key(store: &mut Store, params: &Params, own: Option<&str>) -> Result<(), ApiError> {
    let Some(key) = params.text("lookup_key") else { return Ok(()) };
    let holder = store.rows(Kind::Price).iter().find(|price| price["lookup_key"] == key);
    let Some(holder) = holder.map(|price| text(&price["id"]).to_owned()) else { return Ok(()) };
    if own == Some(holder.as_str()) {
        return Ok(());
    }
    if params.flag("transfer_lookup_key")? != Some(true) {
        let message = format!(
            "A price (`{holder}`) already uses that lookup key. Set transfer_lookup_key to true to transfer \
             it."
        );
        return Err(ApiError::invalid(message).code("lookup_key_already_exists").param("lookup_key"));
    }
    price::change(store, &holder, |price| price["lookup_key"] = Value::Null)?;
    Ok(())
}
