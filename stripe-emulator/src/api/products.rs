//! `/v1/products`.

use serde_json::{Value, json};

use super::prices;
use crate::store::{Kind, Store};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::list::{CREATED, Created, PAGING, filters, page};
use crate::wire::params::Params;

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
    params.required("name")?;
    let id = params.text("id").map_or_else(|| store.new_id(Kind::Product), str::to_owned);
    if store.table(Kind::Product).get(&id).is_some() {
        let error = ApiError::invalid(format!("Product already exists with id: {id}"));
        return Err(error.code("resource_already_exists").param("id"));
    }
    let mut product = blank(store, &id);
    write(params, &mut product)?;
    store.insert(Kind::Product, product.clone());
    if let Some(price) = params.get("default_price_data") {
        let mut price = price.clone();
        price["product"] = json!(id);
        let price = prices::create(store, &Params::from_json(&price))?;
        product["default_price"] = price["id"].clone();
        store.alter(Kind::Product, &id, |stored| stored["default_price"] = price["id"].clone())?;
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

fn write(params: &Params, product: &mut Value) -> Result<(), ApiError> {
    const COPIED: [&str; 9] = [
        "description",
        "images",
        "marketing_features",
        "name",
        "package_dimensions",
        "statement_descriptor",
        "tax_code",
        "unit_label",
        "url",
    ];
    params.copy(&COPIED, product);
    for name in ["active", "shippable"] {
        if let Some(flag) = params.flag(name)? {
            product[name] = json!(flag);
        }
    }
    params.merge_metadata("metadata", &mut product["metadata"]);
    Ok(())
}

fn blank(store: &Store, id: &str) -> Value {
    json!({
        "id": id,
        "object": "product",
        "active": true,
        "created": store.now(),
        "default_price": null,
        "description": null,
        "images": [],
        "livemode": store.livemode,
        "marketing_features": [],
        "metadata": {},
        "name": "",
        "package_dimensions": null,
        "shippable": null,
        "statement_descriptor": null,
        "tax_code": null,
        "type": "service",
        "unit_label": null,
        "updated": store.now(),
        "url": null,
    })
}
