//! `--metadata-key KEY`: Stripe's customers and subscriptions, whose metadata names the organization under a
//! name of the application's.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use shared::stripe;
use shared::stripe::wire::customer::Customer;
use shared::stripe::wire::{Expandable, Listing, Metadata};
use stripe_billing::subscription::{ListSubscription, ListSubscriptionStatus};
use stripe_client_core::StripeRequest;
use stripe_core::customer::ListCustomer;

use super::Import;
use super::claims::{Claim, Place};
use crate::context;
use crate::progress::Progress;

/// Stripe's largest page.
const PAGE: i64 = 100;

#[derive(Deserialize)]
struct Subscription {
    id: String,
    customer: Option<Expandable>,
    #[serde(default)]
    metadata: Metadata,
}

/// What Stripe's lists say.
#[derive(Default)]
pub(super) struct Listed {
    pub claims: Vec<Claim>,
    /// The customers, so that they need not be asked for once more.
    pub customers: HashMap<String, Customer>,
    /// Somebody stopped it before the end.
    pub stopped: bool,
}

impl Import<'_> {
    /// Goes through all of Stripe's customers, and all subscriptions: their metadata may name the
    /// organization alone.
    pub(super) async fn list_metadata(&self, key: &str) -> Result<Listed, context::Error> {
        let mut listed = Listed::default();
        let mut progress =
            Progress::start(self.context, "customers and subscriptions of Stripe's lists", None);
        let mut claims = Vec::new();
        let mut claim = |metadata: &Metadata, customer: &str, place: Place| {
            if let Some(org) = metadata.get(key).filter(|value| !value.trim().is_empty()) {
                claims.push(Claim { org: org.to_owned(), customer: customer.to_owned(), place });
            }
        };
        let request = |after: Option<&str>| {
            let list = ListCustomer::new().limit(PAGE);
            after.map_or(list.clone(), |after| list.starting_after(after))
        };
        let customers = self.each_page(request, &mut progress, |customer: Customer| {
            claim(&customer.metadata, &customer.id, Place::Customer(customer.id.clone()));
            let id = customer.id.clone();
            listed.customers.insert(id.clone(), customer);
            id
        });
        listed.stopped = !customers.await?;
        let request = |after: Option<&str>| {
            let list = ListSubscription::new().status(ListSubscriptionStatus::All).limit(PAGE);
            after.map_or(list.clone(), |after| list.starting_after(after))
        };
        let subscriptions = self.each_page(request, &mut progress, |subscription: Subscription| {
            let place = Place::Subscription(subscription.id.clone());
            if let Some(customer) = &subscription.customer {
                claim(&subscription.metadata, &customer.0, place);
            }
            subscription.id
        });
        // Somebody who stopped the first list stops the second one before it begins.
        let complete = subscriptions.await?;
        listed.stopped |= !complete;
        listed.claims = claims;
        Ok(listed)
    }

    /// Hands over each object of a list, which is answered with its id. False: somebody stopped it.
    async fn each_page<T: DeserializeOwned, R: StripeRequest>(
        &self,
        request: impl Fn(Option<&str>) -> R,
        progress: &mut Progress,
        mut each: impl FnMut(T) -> String,
    ) -> Result<bool, context::Error> {
        let mut after: Option<String> = None;
        loop {
            if self.limits.are_reached() {
                return Ok(false);
            }
            self.limits.pace().await;
            let page: Listing<T> = self.stripe.get(&request(after.as_deref())).await?;
            progress.add(page.data.len() as u64);
            let before = after.take();
            after = page.data.into_iter().map(&mut each).last();
            if before.is_some() && before == after {
                return Err(stripe::Error::repeated_page().into());
            }
            if !page.has_more || after.is_none() {
                return Ok(true);
            }
        }
    }
}
