//! The end of a checkout session that another one replaces, and what was bought in it.

use shared::billing::whole_subscription::whole;
use shared::db::plans::Offer;
use shared::domain::ids::{CheckoutSessionId, SubscriptionId};
use shared::http::error::ApiError;
use shared::stripe::wire::Object;
use shared::stripe::wire::checkout_session::CheckoutSession;
use shared::stripe::wire::subscription::Subscription;
use shared::stripe::{self, IdempotencyKey, Stripe};
use stripe_billing::subscription::RetrieveSubscription;
use stripe_checkout::checkout_session::{ExpireCheckoutSession, RetrieveCheckoutSession};

use crate::order::Order;

/// What somebody bought in a session. None: Stripe makes the subscription only in this moment.
pub struct Bought(Option<SubscriptionId>);

impl Bought {
    /// Whether it is still the organization's plan, also if its first payment is on its way, as by a bank
    /// debit; or is not yet in Stripe's lists.
    ///
    /// # Errors
    /// If Stripe fails.
    pub async fn goes_on(self, stripe: &Stripe, order: &Order, offer: &Offer) -> Result<bool, ApiError> {
        let Some(id) = self.0 else { return Ok(true) };
        let request = RetrieveSubscription::new(id.as_str());
        let (subscription, answered): (Subscription, _) = match stripe.read(&request).await {
            Err(error) if error.is_gone() => return Ok(false),
            read => read?,
        };
        let subscription = whole(stripe, subscription, answered).await?.0;
        Ok(!subscription.status.is_ended()
            && subscription.orgs.first().is_none_or(|org| *org == order.org)
            && subscription.items.iter().any(|item| item.may_be_a_plan(&offer.keys)))
    }
}

/// Expires a session, so that two open tabs cannot buy twice. What was bought in it, if somebody was faster.
///
/// # Errors
/// If Stripe fails.
pub async fn expire(stripe: &Stripe, session: &CheckoutSessionId) -> Result<Option<Bought>, ApiError> {
    let request = ExpireCheckoutSession::new(session.as_str());
    match stripe.post::<Object>(&request, &IdempotencyKey::unique()).await {
        Ok(_) => return Ok(None),
        // With its customer.
        Err(error) if error.is_gone() => return Ok(None),
        Err(stripe::Error::Refused { status: 400, .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let session: CheckoutSession = stripe.get(&RetrieveCheckoutSession::new(session.as_str())).await?;
    Ok(session.is_complete().then(|| Bought(session.subscription())))
}
