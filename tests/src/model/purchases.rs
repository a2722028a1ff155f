//! Buying at checkout sessions and payment links, and the money that goes back.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use stripe_emulator::ApiError;

use super::history::{Act, Step};
use super::world::{ADDON, Organization, World};
use crate::TestApp;

/// What was bought by strangers, and what was bought once.
#[derive(Debug, Default)]
pub struct Bought {
    /// The organization that a stranger typed, by the subscription.
    pub by_strangers: BTreeMap<String, String>,
    /// Strangers' customers.
    pub strangers: BTreeSet<String>,
    /// Sessions of add-ons, each with its organization.
    pub addons: Vec<(String, String)>,
    /// Those whose dispute was lost.
    pub lost: BTreeSet<String>,
}

impl World {
    /// Buys a subscription at a checkout session.
    pub(super) fn check_out(
        &self,
        t: &TestApp,
        organization: &Organization,
        price: &str,
    ) -> Result<Value, ApiError> {
        let metadata = json!({ "org_id": organization.id });
        let session = t.stripe.call(
            "POST",
            "/v1/checkout/sessions",
            &json!({
                "mode": "subscription", "customer": organization.customer,
                "client_reference_id": organization.id,
                "line_items": [{ "price": price, "quantity": 1 }], "success_url": "https://app.example.com/",
                "cancel_url": "https://app.example.com/",
                "metadata": metadata, "subscription_data": { "metadata": metadata }
            }),
        )?;
        t.stripe.pay_checkout_session(session["id"].as_str().unwrap_or_default())
    }

    /// A stranger follows a payment link whose address names the organization, and pays.
    pub(super) fn by_link(
        &self,
        t: &TestApp,
        organization: &Organization,
        link: &str,
    ) -> Result<Value, ApiError> {
        let session = t.stripe.open_payment_link(link, Some(&organization.id))?;
        let paid = t.stripe.pay_checkout_session(session["id"].as_str().unwrap_or_default())?;
        let text = |name: &str| paid[name].as_str().unwrap_or_default().to_owned();
        let mut bought = self.bought.borrow_mut();
        bought.by_strangers.insert(text("subscription"), organization.id.clone());
        bought.strangers.insert(text("customer"));
        Ok(paid)
    }

    /// Buys the add-on once.
    pub(super) fn buy_addon(&self, t: &TestApp, organization: &Organization) -> Result<Value, ApiError> {
        let params = json!({
            "mode": "payment", "customer": organization.customer,
            "line_items": [{ "price": self.addon_price, "quantity": 1 }],
            "success_url": "https://app.example.com/", "cancel_url": "https://app.example.com/",
            "metadata": { "org_id": organization.id, "addon_flags": ADDON }
        });
        let session = t.stripe.call("POST", "/v1/checkout/sessions", &params)?;
        let id = session["id"].as_str().unwrap_or_default().to_owned();
        let paid = t.stripe.pay_checkout_session(&id)?;
        self.bought.borrow_mut().addons.push((id, organization.id.clone()));
        Ok(paid)
    }

    /// Money of one of the add-ons goes back.
    pub(super) fn take_back(&self, t: &TestApp, step: &Step) -> Result<Value, ApiError> {
        let mut bought = self.bought.borrow_mut();
        let Some((session, _)) = bought.addons.get(step.target % bought.addons.len().max(1)).cloned() else {
            return Ok(Value::Null);
        };
        let charge = t.stripe.charge_of(&session).unwrap_or_default();
        let charge = charge["id"].as_str().unwrap_or_default();
        match step.act {
            Act::Refund { full } => t.stripe.refund(charge, (!full).then_some(1)),
            Act::Dispute { won } => {
                let dispute = t.stripe.open_dispute(charge)?;
                let closed = t.stripe.close_dispute(dispute["id"].as_str().unwrap_or_default(), won)?;
                if !won {
                    bought.lost.insert(session);
                }
                Ok(closed)
            }
            _ => Ok(Value::Null),
        }
    }

    /// Whether the organization has an add-on whose money is still there.
    pub fn has_addon(&self, t: &TestApp, org: &str) -> bool {
        let bought = self.bought.borrow();
        bought.addons.iter().any(|(session, whose)| {
            let charge = t.stripe.charge_of(session).unwrap_or_default();
            whose == org && !bought.lost.contains(session) && charge["refunded"] != true
        })
    }
}
