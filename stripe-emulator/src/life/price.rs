//! What a change of a price does to the objects that hold it: they show it as it is now.

use serde_json::Value;

use super::subscription_items::reprice;
use crate::store::{Kind, Store};
use crate::wire::errors::Answer;
use crate::wire::value::text;

/// Changes a price, with `price.updated`, wherever it stands. Subscriptions tell nobody, as at Stripe.
pub(crate) fn change(store: &mut Store, id: &str, change: impl FnOnce(&mut Value)) -> Answer {
    let price = store.change(Kind::Price, id, "price.updated", change)?;
    for (kind, list) in [(Kind::Subscription, "items"), (Kind::CheckoutSession, "_line_items")] {
        let holders =
            store.rows(kind).iter().filter(|row| lines(row, list).iter().any(|line| holds(line, id)));
        let holders: Vec<String> = holders.map(|row| text(&row["id"]).to_owned()).collect();
        for holder in holders {
            store.alter(kind, &holder, |row| {
                let lines = row[list]["data"].as_array_mut().into_iter().flatten();
                lines.filter(|line| holds(line, id)).for_each(|line| show(line, &price));
            })?;
        }
    }
    Ok(price)
}

fn lines<'a>(row: &'a Value, list: &str) -> &'a [Value] {
    row[list]["data"].as_array().map_or(&[], Vec::as_slice)
}

fn holds(line: &Value, price: &str) -> bool {
    line["price"]["id"] == price
}

fn show(line: &mut Value, price: &Value) {
    match line.get("plan") {
        Some(_) => reprice(line, Some(price), None),
        None => line["price"] = price.clone(),
    }
}
