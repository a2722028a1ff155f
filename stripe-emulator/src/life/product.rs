//! A product comes to be: by a call of its own, or with its first price.

use serde_json::{Value, json};

use crate::store::{Kind, Store};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::params::Params;

/// Stores a product made of its parameters. Nobody is told yet.
pub(crate) fn make(store: &mut Store, params: &Params) -> Answer {
    params.required("name")?;
    let id = params.text("id").map_or_else(|| store.new_id(Kind::Product), str::to_owned);
    if store.table(Kind::Product).get(&id).is_some() {
        let error = ApiError::invalid(format!("Product already exists with id: {id}"));
        return Err(error.code("resource_already_exists").param("id"));
    }
    let mut product = blank(store, &id);
    write(params, &mut product)?;
    Ok(store.insert(Kind::Product, product))
}

/// Puts what the caller gave on a product.
pub(crate) fn write(params: &Params, product: &mut Value) -> Result<(), ApiError> {
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
