//! `flow_data` of a portal session: the one thing that it is opened for, and when Stripe opens it for none.

use serde_json::{Value, json};

use crate::life::portal_offer::{Offer, Wish};
use crate::store::{Kind, Store};
use crate::wire::errors::ApiError;
use crate::wire::params::Params;
use crate::wire::value::text;

const KINDS: [&str; 4] =
    ["payment_method_update", "subscription_cancel", "subscription_update", "subscription_update_confirm"];

/// The flow of a session with this customer and configuration. None: it is opened for anything.
pub(super) fn read(store: &Store, params: &Params, session: &Value) -> Result<Option<Value>, ApiError> {
    let Some(flow) = params.get("flow_data") else { return Ok(None) };
    let kind = params.one_of("flow_data.type", &KINDS)?;
    let kind = kind.ok_or_else(|| ApiError::missing_param("flow_data[type]"))?;
    let offer = Offer::of(store, session);
    if kind == "payment_method_update" {
        if !offer.takes_cards() {
            return Err(not_enabled("payment method update"));
        }
    } else {
        let at = format!("flow_data.{kind}.subscription");
        let id = params.required(&at)?;
        let subscription = store.referenced(Kind::Subscription, id, &at)?;
        if subscription["customer"] != session["customer"] {
            return Err(ApiError::no_such("subscription", id, &at));
        }
        match kind {
            "subscription_cancel" => may_cancel(&offer, subscription)?,
            "subscription_update_confirm" => may_change(&offer, subscription, flow)?,
            _ => {}
        }
    }
    Ok(Some(json!({
        "type": kind,
        "after_completion": after_completion(params)?,
        "subscription_cancel": flow["subscription_cancel"],
        "subscription_update": flow["subscription_update"],
        "subscription_update_confirm": flow["subscription_update_confirm"],
    })))
}

fn may_cancel(offer: &Offer<'_>, subscription: &Value) -> Result<(), ApiError> {
    if offer.cancel_mode().is_none() {
        return Err(not_enabled("subscription cancel"));
    }
    if !subscription["cancel_at"].is_null() || crate::life::subscription::is_ended(subscription) {
        return Err(ApiError::invalid("The subscription is already set to be canceled."));
    }
    Ok(())
}

fn may_change(offer: &Offer<'_>, subscription: &Value, flow: &Value) -> Result<(), ApiError> {
    let asked = &flow["subscription_update_confirm"]["items"];
    let at = "flow_data[subscription_update_confirm][items]";
    let [item] = asked.as_array().map_or(&[][..], Vec::as_slice) else {
        return Err(ApiError::invalid("Exactly one item may be updated.").param(at));
    };
    let [current] = crate::life::subscription_items::items(subscription) else {
        return Err(ApiError::invalid("A subscription with several items cannot be updated.").param(at));
    };
    if current["id"] != item["id"] {
        return Err(ApiError::no_such("subscription item", text(&item["id"]), at));
    }
    let wish = Wish::of(flow);
    if !offer.allows(subscription, &wish) {
        return Err(ApiError::invalid("The portal's configuration does not allow this update.").param(at));
    }
    let same_price = wish.price.as_deref().is_none_or(|price| current["price"]["id"] == price);
    if same_price && wish.quantity.is_none_or(|quantity| current["quantity"] == quantity) {
        return Err(ApiError::invalid("There is no change to confirm.").param(at));
    }
    Ok(())
}

fn after_completion(params: &Params) -> Result<Value, ApiError> {
    let kinds = ["hosted_confirmation", "portal_homepage", "redirect"];
    let kind = params.one_of("flow_data.after_completion.type", &kinds)?.unwrap_or("portal_homepage");
    let (mut confirmation, mut redirect) = (Value::Null, Value::Null);
    if kind == "hosted_confirmation" {
        let says = params.text("flow_data.after_completion.hosted_confirmation.custom_message");
        confirmation = json!({ "custom_message": says });
    }
    if kind == "redirect" {
        let to = params.required("flow_data.after_completion.redirect.return_url")?;
        redirect = json!({ "return_url": to });
    }
    Ok(json!({ "type": kind, "hosted_confirmation": confirmation, "redirect": redirect }))
}

fn not_enabled(feature: &str) -> ApiError {
    ApiError::invalid(format!("The {feature} feature in the portal configuration is disabled."))
        .param("flow_data[type]")
}
