//! A subscription with all of its items: in an event, an answer or a list Stripe shows the first ones only,
//! and says that there are more.

use stripe_billing::subscription_item::ListSubscriptionItem;

use crate::domain::ordering::Answered;
use crate::domain::subscription::Snapshot;
use crate::error::Error;
use crate::stripe::wire::Listing;
use crate::stripe::wire::subscription::{Subscription, SubscriptionItem};
use crate::stripe::{self, Stripe};

/// Stripe's largest page. A subscription has 20 items at most (Stripe, "Subscriptions with multiple
/// products").
const PAGE: i64 = 100;

/// What was read of a subscription, and when. Where items are missing they are asked for, and the time is
/// that of both calls.
///
/// # Errors
/// If Stripe cannot be asked, or does not show all: what is not whole is never written.
pub async fn whole(
    stripe: &Stripe,
    subscription: Subscription,
    answered: Answered,
) -> Result<(Snapshot, Answered), Error> {
    if !subscription.is_cut() {
        return Ok((Snapshot::from(subscription), answered));
    }
    let items = ListSubscriptionItem::new(subscription.id()).limit(PAGE);
    let (list, then): (Listing<SubscriptionItem>, Answered) = stripe.read(&items).await?;
    if list.has_more {
        return Err(stripe::Error::disbelieved("a subscription with more than a hundred items").into());
    }
    let both = Answered { at: then.at.max(answered.at), took: then.at.max(answered.at) - answered.began() };
    Ok((Snapshot::from(subscription.with_items(list.data)), both))
}
