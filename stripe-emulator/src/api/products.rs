//! `/v1/products`.

use serde_json::json;

use super::prices;
use crate::life::product::{make, write};
use crate::store::{Kind, Store};
use crate::wire::errors::Answer;
use crate::wire::list::{CREATED, Created, PAGING, filters, page};
use crate::wire::params::Params;
use crate::wire::value::text;

const WRITABLE: [&str; 12] = [
    "active",
    "description",
    "images",
    "marketing_features.name",
    "metadata.*",
    "name",
    "package_dimensions.*",
    "shippable",
    "statement_descriptor",
    "tax_code",
    "unit_label",
    "url",
];

pub(crate) fn create(store: &mut Store, params: &Params) -> Answer {
    params.only(&[&WRITABLE[..], &["id", "type", "default_price_data.*"]].concat())?;
    let mut product = make(store, params)?;
    if let Some(price) = params.get("default_price_data").filter(|price| price.is_object()) {
        let mut price = price.clone();
        price["product"] = product["id"].clone();
        let price = prices::create(store, &Params::from_json(&price))?;
        product = store.alter(Kind::Product, text(&product["id"]), |stored| {
            stored["default_price"] = price["id"].clone();
        })?;
    }
    store.emit("product.created", &product, None);
    Ok(product)
}

pub(crate) fn update(store: &mut Store, id: &str, params: &Params) -> Answer {
    params.only(&[&WRITABLE[..], &["default_price"]].concat())?;
    if let Some(price) = params.text("default_price") {
        store.referenced(Kind::Price, price, "default_price")?;
    }
    let mut changed = store.get(Kind::Product, id)?.clone();
    write(params, &mut changed)?;
    params.copy(&["default_price"], &mut changed);
    changed["updated"] = json!(store.now());
    store.change(Kind::Product, id, "product.updated", |product| *product = changed)
}

pub(crate) fn list(store: &Store, params: &Params) -> Answer {
    params.only(&[&PAGING[..], &CREATED, &["active", "ids", "shippable", "url"]].concat())?;
    let (created, ids) = (Created::read(params)?, params.texts("ids"));
    let found = store.rows(Kind::Product).iter().filter(|product| {
        created.fits(product)
            && filters(params, product, &["active", "shippable", "url"])
            && (ids.is_empty() || ids.iter().any(|id| product["id"] == *id))
    });
    page("/v1/products", params, found)
}
