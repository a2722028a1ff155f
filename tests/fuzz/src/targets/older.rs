//! How objects looked before Stripe moved a field. None: the older shape cannot hold what the object says.

use serde_json::{Map, Value, json};

/// Makes the newest shape of an object an older one.
pub type Move = fn(&Value) -> Option<Value>;

/// Of subscriptions, newest first: each can be made of what the one before it has made.
pub const SUBSCRIPTION: [(&str, Move); 7] = [
    ("the coupon stands in the discount", coupon_in_discount),
    ("one discount stands on the subscription", one_discount),
    ("the period stands on the subscription", period),
    ("an item has a plan", plan),
    ("the customer is expanded", customer),
    ("it has no items", no_items),
    ("it says when it starts", start),
];

/// Of invoices.
pub const INVOICE: [(&str, Move); 2] =
    [("it names its subscription itself", parent), ("the customer is expanded", customer)];

type Object = Map<String, Value>;

/// The fields of an object that are there and not null.
fn take(object: &mut Object, name: &str) -> Option<Value> {
    object.remove(name).filter(|value| !value.is_null())
}

fn has(object: &Object, name: &str) -> bool {
    object.get(name).is_some_and(|value| !value.is_null())
}

fn items(object: &mut Object) -> Option<&mut Vec<Value>> {
    object.get_mut("items")?.get_mut("data")?.as_array_mut().filter(|items| !items.is_empty())
}

/// Until 2025-03-31.basil. All items must have the same period.
fn period(newest: &Value) -> Option<Value> {
    let mut older = newest.as_object()?.clone();
    const NAMES: [&str; 2] = ["current_period_start", "current_period_end"];
    if NAMES.iter().any(|name| has(&older, name)) {
        return None;
    }
    let mut periods = Vec::new();
    for item in items(&mut older)? {
        let item = item.as_object_mut()?;
        periods.push(NAMES.map(|name| take(item, name)));
    }
    let first = periods.first()?.clone();
    if periods.iter().any(|period| *period != first) {
        return None;
    }
    for (name, value) in NAMES.into_iter().zip(first) {
        older.insert(name.to_owned(), value.unwrap_or_default());
    }
    Some(Value::Object(older))
}

/// Before there were prices.
fn plan(newest: &Value) -> Option<Value> {
    let mut older = newest.as_object()?.clone();
    for item in items(&mut older)? {
        let item = item.as_object_mut()?;
        item.remove("plan");
        let price = take(item, "price")?;
        let plan = match price {
            Value::Object(mut price) if !has(&price, "interval") && !has(&price, "interval_count") => {
                if let Some(recurring) = take(&mut price, "recurring") {
                    let recurring = recurring.as_object()?;
                    for name in ["interval", "interval_count"] {
                        price.insert(name.to_owned(), recurring.get(name).cloned().unwrap_or_default());
                    }
                }
                Value::Object(price)
            }
            Value::String(id) => Value::String(id),
            _ => return None,
        };
        item.insert("plan".to_owned(), plan);
    }
    Some(Value::Object(older))
}

/// Before subscriptions had items.
fn no_items(newest: &Value) -> Option<Value> {
    let mut older = newest.as_object()?.clone();
    let [Value::Object(item)] = &mut items(&mut older)?[..] else { return None };
    // What an item had before: no period of its own, no discounts.
    let moved = ["current_period_start", "current_period_end"].iter().all(|name| !has(item, name));
    let none = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    if !moved || !item.get("discounts").is_none_or(none) {
        return None;
    }
    let plan = take(item, "price").or(take(item, "plan"));
    let quantity = take(item, "quantity");
    older.remove("items");
    older.insert("plan".to_owned(), plan.unwrap_or_default());
    older.insert("quantity".to_owned(), quantity.unwrap_or_default());
    Some(Value::Object(older))
}

/// Until 2025-03-31.basil. It must be a whole one.
fn one_discount(newest: &Value) -> Option<Value> {
    let mut older = newest.as_object()?.clone();
    let Some(Value::Array(discounts)) = take(&mut older, "discounts") else { return None };
    let [discount @ Value::Object(fields)] = &discounts[..] else { return None };
    if has(&older, "discount") || !fields.get("id").is_some_and(Value::is_string) {
        return None;
    }
    older.insert("discount".to_owned(), discount.clone());
    Some(Value::Object(older))
}

/// Until 2025-09-30.clover.
fn coupon_in_discount(newest: &Value) -> Option<Value> {
    let mut older = newest.as_object()?.clone();
    for discount in older.get_mut("discounts")?.as_array_mut()? {
        let discount = discount.as_object_mut().filter(|discount| !has(discount, "coupon"))?;
        let Some(Value::Object(mut source)) = take(discount, "source") else { return None };
        // In the place of a whole discount that cannot be read stands one that says nothing.
        discount.insert("coupon".to_owned(), take(&mut source, "coupon").unwrap_or_default());
    }
    Some(Value::Object(older))
}

/// As whoever asks for it gets it.
fn customer(newest: &Value) -> Option<Value> {
    let mut expanded = newest.as_object()?.clone();
    let id = expanded.get("customer")?.as_str()?.to_owned();
    expanded.insert("customer".to_owned(), json!({ "id": id, "object": "customer", "metadata": {} }));
    Some(Value::Object(expanded))
}

/// Before subscriptions said when they were made.
fn start(newest: &Value) -> Option<Value> {
    let mut older = newest.as_object()?.clone();
    older.remove("start_date");
    let created = take(&mut older, "created")?;
    older.insert("start".to_owned(), created);
    Some(Value::Object(older))
}

/// Until 2025-03-31.basil.
fn parent(newest: &Value) -> Option<Value> {
    let mut older = newest.as_object()?.clone();
    if has(&older, "subscription") || has(&older, "subscription_details") {
        return None;
    }
    let Some(Value::Object(mut parent)) = take(&mut older, "parent") else { return None };
    let Some(Value::Object(mut details)) = take(&mut parent, "subscription_details") else { return None };
    older.insert("subscription".to_owned(), take(&mut details, "subscription").unwrap_or_default());
    older.insert("subscription_details".to_owned(), Value::Object(details));
    Some(Value::Object(older))
}
