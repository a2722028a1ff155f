//! `/v1/payment_links`: pages that anybody can buy on who has their address.

use serde_json::{Value, json};

use crate::life::line_items;
use crate::life::payment_link::blank;
use crate::store::{Kind, Store};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::list::{PAGING, filters, page};
use crate::wire::params::Params;

const WRITABLE: [&str; 17] = [
    "after_completion.redirect.url",
    "after_completion.type",
    "after_completion.hosted_confirmation.custom_message",
    "allow_promotion_codes",
    "automatic_tax.enabled",
    "billing_address_collection",
    "customer_creation",
    "inactive_message",
    "metadata.*",
    "payment_intent_data.description",
    "payment_intent_data.metadata.*",
    "payment_method_collection",
    "payment_method_types",
    "subscription_data.metadata.*",
    "subscription_data.trial_period_days",
    "subscription_data.trial_settings.*",
    "tax_id_collection.*",
];

const CREATABLE: [&str; 6] = [
    "currency",
    "line_items.adjustable_quantity.*",
    "line_items.price",
    "line_items.quantity",
    "submit_type",
    "subscription_data.description",
];

pub(crate) fn create(store: &mut Store, params: &Params) -> Answer {
    params.only(&[&WRITABLE[..], &CREATABLE].concat())?;
    let lines = line_items::read(store, params, None)?;
    let is_subscription = line_items::mode_of(&lines) == "subscription";
    let mut link = blank(store, lines);
    if is_subscription {
        link["subscription_data"] = json!({
            "description": null,
            "invoice_settings": { "issuer": { "type": "self" } },
            "metadata": {},
            "trial_period_days": null,
            "trial_settings": null,
        });
    }
    write(params, &mut link)?;
    params.copy(&["submit_type"], &mut link);
    let link = store.insert(Kind::PaymentLink, link);
    store.emit("payment_link.created", &link, None);
    Ok(link)
}

pub(crate) fn update(store: &mut Store, id: &str, params: &Params) -> Answer {
    params.only(&[&WRITABLE[..], &["active"]].concat())?;
    let mut changed = store.get(Kind::PaymentLink, id)?.clone();
    write(params, &mut changed)?;
    if let Some(active) = params.flag("active")? {
        changed["active"] = json!(active);
    }
    store.change(Kind::PaymentLink, id, "payment_link.updated", |link| *link = changed)
}

pub(crate) fn list(store: &Store, params: &Params) -> Answer {
    params.only(&[&PAGING[..], &["active"]].concat())?;
    let rows = store.rows(Kind::PaymentLink).iter();
    page("/v1/payment_links", params, rows.filter(|row| filters(params, row, &["active"])))
}

pub(crate) fn list_line_items(store: &Store, id: &str, params: &Params) -> Answer {
    params.only(&PAGING)?;
    let link = store.get(Kind::PaymentLink, id)?;
    let rows = link["_line_items"]["data"].as_array().map_or(&[][..], Vec::as_slice);
    // Pages go from the newest, line items from the first.
    let reversed: Vec<&Value> = rows.iter().rev().collect();
    page(&format!("/v1/payment_links/{id}/line_items"), params, reversed.into_iter())
}

fn write(params: &Params, link: &mut Value) -> Result<(), ApiError> {
    const COPIED: [&str; 5] = [
        "billing_address_collection",
        "customer_creation",
        "inactive_message",
        "payment_method_collection",
        "payment_method_types",
    ];
    params.copy(&COPIED, link);
    params.merge_metadata("metadata", &mut link["metadata"]);
    if let Some(allowed) = params.flag("allow_promotion_codes")? {
        link["allow_promotion_codes"] = json!(allowed);
    }
    for name in ["automatic_tax", "tax_id_collection"] {
        if let Some(enabled) = params.flag(&format!("{name}.enabled"))? {
            link[name]["enabled"] = json!(enabled);
        }
    }
    if params.get("after_completion").is_some() {
        after_completion(params, link)?;
    }
    if params.get("payment_intent_data").is_some() {
        link["payment_intent_data"] = json!({
            "description": params.text("payment_intent_data.description"),
            "metadata": params.metadata("payment_intent_data.metadata"),
        });
    }
    if params.get("subscription_data").is_some() {
        subscription_data(params, link)?;
    }
    Ok(())
}

fn after_completion(params: &Params, link: &mut Value) -> Result<(), ApiError> {
    params.required("after_completion.type")?;
    let kind = params.one_of("after_completion.type", &["hosted_confirmation", "redirect"])?;
    link["after_completion"] = match kind {
        Some("redirect") => {
            let url = params.required("after_completion.redirect.url")?;
            json!({ "type": "redirect", "redirect": { "url": url } })
        }
        _ => {
            let message = params.text("after_completion.hosted_confirmation.custom_message");
            json!({ "type": "hosted_confirmation", "hosted_confirmation": { "custom_message": message } })
        }
    };
    Ok(())
}

fn subscription_data(params: &Params, link: &mut Value) -> Result<(), ApiError> {
    if link["subscription_data"].is_null() {
        let message = "You can not pass `subscription_data` in `payment` mode. Use a recurring price to make \
                       a subscription.";
        return Err(ApiError::invalid(message).param("subscription_data"));
    }
    let data = &mut link["subscription_data"];
    params.merge_metadata("subscription_data.metadata", &mut data["metadata"]);
    if let Some(description) = params.text("subscription_data.description") {
        data["description"] = json!(description);
    }
    if let Some(days) = params.int("subscription_data.trial_period_days")? {
        data["trial_period_days"] = json!(days);
    }
    if let Some(settings) = params.get("subscription_data.trial_settings") {
        data["trial_settings"] = settings.clone();
    }
    Ok(())
}
