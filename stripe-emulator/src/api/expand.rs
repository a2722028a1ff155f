//! `expand[]`: ids in an answer replaced by the objects they name.

use serde_json::{Value, json};

use crate::life::{invoice_payment, refund};
use crate::store::{Kind, Store};
use crate::wire::errors::ApiError;
use crate::wire::params::Params;

/// Stripe expands four levels and refuses more.
const DEEPEST: usize = 4;

/// Fields that an answer only carries when they are expanded, and where the emulator keeps them.
const INCLUDABLE: [(&str, &str); 3] =
    [("currency_options", "_currency_options"), ("line_items", "_line_items"), ("products", "_products")];

/// Expands what the call asks for.
pub(crate) fn apply(store: &Store, params: &Params, mut answer: Value) -> Result<Value, ApiError> {
    for path in params.texts("expand") {
        let names: Vec<&str> = path.split('.').collect();
        if names.iter().filter(|name| **name != "data").count() > DEEPEST {
            let message = format!("You cannot expand more than {DEEPEST} levels of a property ({path}).");
            return Err(ApiError::invalid(message).param("expand"));
        }
        if !expand(store, &mut answer, &names) {
            return Err(
                ApiError::invalid(format!("This property cannot be expanded ({path}).")).param("expand")
            );
        }
    }
    Ok(answer)
}

fn expand(store: &Store, value: &mut Value, names: &[&str]) -> bool {
    if let Value::Array(list) = value {
        return list.iter_mut().all(|value| expand(store, value, names));
    }
    let Some((name, rest)) = names.split_first() else { return true };
    if let Some((_, kept)) =
        INCLUDABLE.iter().find(|(public, kept)| public == name && value.get(kept).is_some())
    {
        value[*name] = value[*kept].clone();
    }
    if let Some(list) = included(store, value, name) {
        value[*name] = list;
    }
    let Some(field) = value.get_mut(*name) else { return false };
    let named = match &mut *field {
        Value::Array(list) => list.as_mut_slice(),
        one => std::slice::from_mut(one),
    };
    for value in named {
        let Some(id) = value.as_str() else { continue };
        // The id of a coupon does not say what it is one of.
        let kind = if *name == "coupon" { Some(Kind::Coupon) } else { Kind::of_id(id) };
        let Some(found) = kind.and_then(|kind| store.table(kind).get(id)) else { return false };
        *value = found.clone();
    }
    match field {
        Value::Null => true,
        Value::Object(_) | Value::Array(_) => expand(store, field, rest),
        _ => false,
    }
}

/// Lists that stand on an object only when they are expanded: an invoice's payments, a charge's refunds.
fn included(store: &Store, value: &Value, name: &str) -> Option<Value> {
    let id = value["id"].as_str()?;
    let (rows, url): (Vec<&Value>, String) = match (value["object"].as_str()?, name) {
        ("invoice", "payments") => {
            (invoice_payment::of(store, id).rev().collect(), format!("/v1/invoice_payments?invoice={id}"))
        }
        ("charge", "refunds") => (refund::of(store, id).rev().collect(), format!("/v1/charges/{id}/refunds")),
        _ => return None,
    };
    Some(json!({ "object": "list", "data": rows, "has_more": false, "url": url }))
}
