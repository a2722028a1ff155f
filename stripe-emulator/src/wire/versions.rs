//! API versions: how an object looked before 2025-03-31, when periods stood on the subscription and invoices
//! named their subscription directly.

use serde_json::{Map, Value, json};

use super::errors::ApiError;

/// The version the emulator speaks unless asked for another.
pub(crate) const NEWEST: &str = "2026-10-28.endive";

/// The first version with periods on subscription items and `parent` on invoices.
const PERIODS_ON_ITEMS: &str = "2025-03-31";

/// The first version in which a discount and a promotion code name their coupon, and do not hold it.
const COUPON_BY_NAME: &str = "2025-09-30";

/// How much of a list stands inside of an object.
const SHOWN: usize = 10;

/// The first version that calls a hosted checkout page `hosted_page`.
const HOSTED_PAGE: &str = "2026-03-25";

/// Refuses what is no version: a date, and since 2024 a name after it.
pub(crate) fn check(version: &str) -> Result<(), ApiError> {
    let date = version.split('.').next().unwrap_or_default();
    let is_date = date.len() == 10
        && date.char_indices().all(|(at, c)| if at == 4 || at == 7 { c == '-' } else { c.is_ascii_digit() });
    if is_date { Ok(()) } else { Err(ApiError::invalid(format!("Invalid Stripe API version: {version}"))) }
}

/// The object, and whatever it contains, in the shape of `version`, without the emulator's own fields.
pub(crate) fn render(value: &Value, version: &str) -> Value {
    match value {
        // An event was shaped when it was rendered.
        Value::Object(event) if event.get("object").is_some_and(|kind| kind == "event") => value.clone(),
        Value::Array(list) => list.iter().map(|value| render(value, version)).collect(),
        Value::Object(object) => {
            let public = object.iter().filter(|(key, _)| !key.starts_with('_'));
            let rendered: Map<_, _> =
                public.map(|(key, value)| (key.clone(), render(value, version))).collect();
            reshape(rendered, object, version)
        }
        leaf => leaf.clone(),
    }
}

/// `kept` is the object with the emulator's own fields, where some of the older ones are.
fn reshape(mut object: Map<String, Value>, kept: &Map<String, Value>, version: &str) -> Value {
    let kind = object.get("object").and_then(Value::as_str).unwrap_or_default().to_owned();
    if kind == "subscription" {
        cut(&mut object);
    }
    if version < HOSTED_PAGE && kind == "checkout.session" {
        object.insert("ui_mode".into(), json!("hosted"));
    }
    if version < COUPON_BY_NAME && matches!(kind.as_str(), "discount" | "promotion_code") {
        object.remove("source");
        object.remove("promotion");
        object.insert("coupon".into(), kept_one(kept, "_coupon", version));
    }
    if version < PERIODS_ON_ITEMS {
        if matches!(kind.as_str(), "subscription" | "invoice") {
            object.insert("discount".into(), kept_one(kept, "_discount", version));
        }
        match kind.as_str() {
            "subscription" => subscription(&mut object),
            "subscription_schedule" => subscription_schedule(&mut object),
            "invoice" => invoice(&mut object, kept),
            "charge" | "payment_intent" => take_over(&mut object, kept, &["invoice"]),
            "line_item" => line_item(&mut object, kept),
            _ => {}
        }
    }
    Value::Object(object)
}

/// Only the first ten items stand in a subscription: `/v1/subscription_items` has all.
fn cut(subscription: &mut Map<String, Value>) {
    let Some(items) = subscription.get_mut("items") else { return };
    let Some(data) = items["data"].as_array_mut().filter(|data| data.len() > SHOWN) else { return };
    data.truncate(SHOWN);
    items["has_more"] = json!(true);
}

fn subscription(object: &mut Map<String, Value>) {
    for new in ["billing_mode", "billing_schedules", "customer_account", "managed_payments"] {
        object.remove(new);
    }
    let items = object.get_mut("items").and_then(|items| items["data"].as_array_mut());
    let Some(items) = items else { return };
    let mut moved = Map::new();
    for (position, item) in items.iter_mut().filter_map(Value::as_object_mut).enumerate() {
        for name in ["current_period_start", "current_period_end"] {
            let period = item.remove(name).unwrap_or_default();
            moved.entry(name).or_insert(period);
        }
        if position == 0 {
            moved.extend(
                ["plan", "quantity"].map(|name| (name.into(), item.get(name).cloned().unwrap_or_default())),
            );
        }
    }
    object.extend(moved);
}

fn subscription_schedule(object: &mut Map<String, Value>) {
    for new in ["billing_mode", "customer_account", "pause_schedules"] {
        object.remove(new);
    }
    for phase in object.get_mut("phases").and_then(Value::as_array_mut).into_iter().flatten() {
        phase["coupon"] = Value::Null;
    }
}

/// An object that newer versions only name. Null: there is none.
fn kept_one(kept: &Map<String, Value>, name: &str, version: &str) -> Value {
    kept.get(name).map_or(Value::Null, |object| render(object, version))
}

/// Fields that newer versions have elsewhere.
fn take_over(object: &mut Map<String, Value>, kept: &Map<String, Value>, names: &[&str]) {
    for name in names {
        let value = kept.get(&format!("_{name}")).cloned().unwrap_or_default();
        object.insert((*name).to_owned(), value);
    }
}

fn invoice(object: &mut Map<String, Value>, kept: &Map<String, Value>) {
    let parent = object.remove("parent").unwrap_or_default();
    let details = &parent["subscription_details"];
    object.insert("subscription".into(), details["subscription"].clone());
    object.insert("subscription_details".into(), json!({ "metadata": details["metadata"] }));
    let paid = object.get("status").is_some_and(|status| status == "paid");
    object.insert("paid".into(), json!(paid));
    take_over(object, kept, &["charge", "payment_intent"]);
    object.insert("tax".into(), Value::Null);
}

fn line_item(object: &mut Map<String, Value>, kept: &Map<String, Value>) {
    let parent = object.remove("parent").unwrap_or_default();
    let details = &parent["subscription_item_details"];
    object.insert("type".into(), json!("subscription"));
    for name in ["subscription", "subscription_item", "proration"] {
        object.insert(name.into(), details[name].clone());
    }
    object.remove("pricing");
    take_over(object, kept, &["price"]);
}

/// An update event's `previous_attributes`: the old values of what differs, lists whole.
pub(crate) fn previous_attributes(before: &Value, after: &Value) -> Value {
    let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else { return before.clone() };
    let mut changed = Map::new();
    for (key, old) in before {
        let new = after.get(key).unwrap_or(&Value::Null);
        if new != old {
            let old = if new.is_object() { previous_attributes(old, new) } else { old.clone() };
            changed.insert(key.clone(), old);
        }
    }
    let added = after.keys().filter(|key| !before.contains_key(*key));
    changed.extend(added.map(|key| (key.clone(), Value::Null)));
    Value::Object(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_versions_carry_periods_on_the_subscription() {
        let newest = json!({
            "object": "subscription", "_card_declines": true, "billing_mode": {},
            "items": { "object": "list",
                "data": [{ "current_period_start": 1, "current_period_end": 2, "quantity": 3 }] },
        });
        let old = render(&newest, "2024-06-20");
        assert_eq!((&old["current_period_start"], &old["current_period_end"]), (&json!(1), &json!(2)));
        assert_eq!(old["items"]["data"][0], json!({ "quantity": 3 }));
        assert_eq!(old.get("billing_mode"), None);
        assert_eq!(old.get("_card_declines"), None);
    }

    #[test]
    fn old_versions_name_the_subscription_on_the_invoice() {
        let newest = json!({
            "object": "invoice", "status": "paid",
            "parent": { "subscription_details": { "subscription": "sub_1", "metadata": { "a": "b" } } },
        });
        let old = render(&newest, "2024-06-20");
        assert_eq!(old["subscription"], "sub_1");
        assert_eq!(old["subscription_details"]["metadata"]["a"], "b");
        assert_eq!(old.get("parent"), None);
        assert_eq!(render(&newest, NEWEST), newest);
    }

    #[test]
    fn old_versions_name_the_payment_on_the_invoice_and_the_invoice_on_the_payment() {
        let invoice = json!({ "object": "invoice", "_charge": "ch_1", "_payment_intent": "pi_1" });
        let old = render(&invoice, "2024-06-20");
        assert_eq!((&old["charge"], &old["payment_intent"]), (&json!("ch_1"), &json!("pi_1")));
        assert_eq!(render(&invoice, NEWEST), json!({ "object": "invoice" }));
        let price = json!({ "object": "price", "interval_count": 3, "metadata": { "plan_code": "pro" } });
        let line = json!({ "object": "line_item", "_price": price });
        assert_eq!(render(&line, "2024-06-20")["price"], price, "a line has the whole price");
        for object in ["charge", "payment_intent"] {
            let payment = json!({ "object": object, "_invoice": "in_1" });
            assert_eq!(render(&payment, "2024-06-20")["invoice"], "in_1");
            assert_eq!(render(&payment, NEWEST), json!({ "object": object }));
        }
    }

    #[test]
    fn old_versions_carry_the_coupon_in_its_discount_and_the_discount_on_the_subscription() {
        let coupon = json!({ "id": "TEN", "object": "coupon", "percent_off": 10.0 });
        let discount = json!({ "id": "di_1", "object": "discount", "_coupon": coupon,
            "source": { "type": "coupon", "coupon": "TEN" } });
        let whole = json!({ "id": "di_1", "object": "discount", "coupon": coupon });
        assert_eq!(render(&discount, "2025-08-27.basil"), whole);
        assert_eq!(render(&discount, NEWEST)["source"]["coupon"], "TEN");
        let code = json!({ "object": "promotion_code", "_coupon": coupon,
            "promotion": { "type": "coupon", "coupon": "TEN" } });
        assert_eq!(render(&code, "2024-06-20"), json!({ "object": "promotion_code", "coupon": coupon }));
        for object in ["subscription", "invoice"] {
            let row = json!({ "object": object, "discounts": ["di_1"], "_discount": discount });
            assert_eq!(render(&row, "2024-06-20")["discount"], whole, "{object}");
            assert_eq!(render(&row, NEWEST), json!({ "object": object, "discounts": ["di_1"] }));
        }
    }

    #[test]
    fn previous_attributes_hold_only_what_changed() {
        let before = json!({ "status": "active", "metadata": { "a": "1", "b": "2" }, "cancel_at": null });
        let after = json!({ "status": "active", "metadata": { "a": "1", "b": "3" }, "cancel_at": 9 });
        let expected = json!({ "metadata": { "b": "2" }, "cancel_at": null });
        assert_eq!(previous_attributes(&before, &after), expected);
    }
}
