//! `/v1/billing_portal/sessions`.

use serde_json::json;

use super::{portal_configurations, portal_flows};
use crate::store::{Kind, Store};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::params::Params;
use crate::wire::value::text;

pub(crate) fn create(store: &mut Store, params: &Params) -> Answer {
    params.only(&["configuration", "customer", "flow_data.*", "locale", "on_behalf_of", "return_url"])?;
    let customer = params.required("customer")?;
    store.referenced(Kind::Customer, customer, "customer")?;
    let configuration = match params.text("configuration") {
        Some(id) => store.referenced(Kind::PortalConfiguration, id, "configuration")?.clone(),
        None => portal_configurations::default(store)?,
    };
    if configuration["active"] != true {
        let message = format!("The configuration '{}' is not active.", text(&configuration["id"]));
        return Err(ApiError::invalid(message).param("configuration"));
    }
    let return_url = params.text("return_url").or(configuration["default_return_url"].as_str());
    let id = store.new_id(Kind::PortalSession);
    let mut session = json!({
        "id": id,
        "object": "billing_portal.session",
        "configuration": text(&configuration["id"]),
        "created": store.now(),
        "customer": customer,
        "customer_account": null,
        "livemode": store.livemode,
        "locale": params.text("locale"),
        "on_behalf_of": null,
        "return_url": return_url,
        "url": format!("{}/p/session/{id}", store.url),
    });
    session["flow"] = portal_flows::read(store, params, &session)?.into();
    Ok(store.insert(Kind::PortalSession, session))
}
