//! What is bought on a checkout page: prices that are sold, each with a quantity.

use serde_json::{Value, json};

use crate::store::{Kind, Store, random_id};
use crate::wire::errors::ApiError;
use crate::wire::params::{Params, brackets};
use crate::wire::value::{number, text};

const INACTIVE: &str = "The price specified is inactive. This field only accepts active prices.";

/// The lines that a call asks for. Without a `mode` the prices decide: a recurring one makes a subscription.
pub(crate) fn read(store: &Store, params: &Params, mode: Option<&str>) -> Result<Vec<Value>, ApiError> {
    let mut lines = Vec::new();
    for position in 0..params.list("line_items").len() {
        let path = format!("line_items.{position}.price");
        let price = buyable(store, params.required(&path)?, &brackets(&path))?;
        if mode == Some("payment") && price["type"] == "recurring" {
            let message = "You specified `payment` mode but passed a recurring price. Either switch to \
                           `subscription` mode or use only one-time prices.";
            return Err(ApiError::invalid(message));
        }
        let path = format!("line_items.{position}.quantity");
        params.required(&path)?;
        lines.push(line(store, price, params.int(&path)?.unwrap_or(1)));
    }
    if lines.is_empty() {
        return Err(ApiError::missing_param("line_items"));
    }
    if mode == Some("subscription") && mode_of(&lines) == "payment" {
        let message =
            "You must provide at least one recurring price in `subscription` mode when using prices.";
        return Err(ApiError::invalid(message));
    }
    Ok(lines)
}

/// What a checkout of these lines is for.
pub(crate) fn mode_of(lines: &[Value]) -> &'static str {
    let recurs = lines.iter().any(|line| line["price"]["type"] == "recurring");
    if recurs { "subscription" } else { "payment" }
}

/// A price that a checkout can be opened for: neither it nor its product is archived.
pub(crate) fn buyable<'a>(store: &'a Store, id: &str, param: &str) -> Result<&'a Value, ApiError> {
    let price = store.referenced(Kind::Price, id, param)?;
    let refused = match (price["active"] == true, archived_product(store, price)) {
        (false, _) => INACTIVE.to_owned(),
        (true, Some(_)) => {
            format!("Price `{id}` is not available to be purchased because its product is not active.")
        }
        (true, None) => return Ok(price),
    };
    Err(ApiError::invalid(refused).param(param))
}

/// A price that a subscription can be put on by a call.
pub(crate) fn subscribable<'a>(store: &'a Store, id: &str, param: &str) -> Result<&'a Value, ApiError> {
    let price = store.referenced(Kind::Price, id, param)?;
    let refused = match (price["active"] == true, archived_product(store, price)) {
        (false, _) => INACTIVE.to_owned(),
        (true, Some(product)) => format!(
            "The product {product} is marked as inactive, and thus no new subscriptions can be create to any \
             plans of this product. You provided the plan {id}."
        ),
        (true, None) => return Ok(price),
    };
    Err(ApiError::invalid(refused).param(param))
}

/// The id of a price's product, if that is archived.
fn archived_product<'a>(store: &Store, price: &'a Value) -> Option<&'a str> {
    let id = text(&price["product"]);
    let product = store.table(Kind::Product).get(id)?;
    (product["active"] != true).then_some(id)
}

fn line(store: &Store, price: &Value, quantity: i64) -> Value {
    let product = store.table(Kind::Product).get(text(&price["product"]));
    let amount = number(&price["unit_amount"]) * quantity;
    json!({
        "id": random_id("li_1", 23),
        "object": "item",
        "adjustable_quantity": null,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": product.map(|product| product["name"].clone()),
        "metadata": {},
        "price": price,
        "quantity": quantity,
    })
}
