//! Sessions of Stripe's customer portal: its first page, or the page for one thing.

use stripe_billing::billing_portal_session::{
    CreateBillingPortalSession, CreateBillingPortalSessionFlowData as FlowData,
    CreateBillingPortalSessionFlowDataAfterCompletion as AfterCompletion,
    CreateBillingPortalSessionFlowDataAfterCompletionRedirect as LeadTo,
    CreateBillingPortalSessionFlowDataAfterCompletionType as AfterCompletionType,
    CreateBillingPortalSessionFlowDataSubscriptionCancel as CancelData,
    CreateBillingPortalSessionFlowDataSubscriptionUpdateConfirm as UpdateData,
    CreateBillingPortalSessionFlowDataSubscriptionUpdateConfirmItems as ItemData,
    CreateBillingPortalSessionFlowDataType as FlowType,
};
use stripe_billing::subscription::RetrieveSubscription;

use crate::billing::price;
use crate::db::plans::Offer;
use crate::domain::ids::{CustomerId, SubscriptionId};
use crate::error::Error;
use crate::stripe::wire::Object;
use crate::stripe::wire::subscription_items::WithItems;
use crate::stripe::{self, IdempotencyKey, Stripe};

/// Whose portal is opened, and where it leads.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'a> {
    /// Who pays.
    pub customer: &'a CustomerId,
    /// What there is to change. None: nothing.
    pub subscription: Option<&'a SubscriptionId>,
    /// Where the link back leads.
    pub return_url: &'a str,
    /// Where the person is led once the one thing is done.
    pub done_url: &'a str,
}

/// The one thing that the portal is opened for.
#[derive(Clone, Copy, Debug)]
pub enum Flow<'a> {
    /// Confirm another plan, interval or number of seats.
    Update(Change<'a>),
    /// Cancel the subscription.
    Cancel,
    /// Give another card.
    PaymentMethod,
}

/// What a subscription is to become.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// The plan, as it is sold.
    pub offer: &'a Offer,
    /// How many of it. None: as many as there are.
    pub quantity: Option<u32>,
}

/// Opens the portal and answers with its address. None: it has no page for this.
///
/// # Errors
/// If Stripe fails.
pub async fn open(
    stripe: &Stripe,
    visit: Visit<'_>,
    flow: Option<Flow<'_>>,
) -> Result<Option<String>, Error> {
    let mut request = CreateBillingPortalSession::new()
        .customer(visit.customer.as_str())
        .return_url(visit.return_url.to_owned());
    let one_thing = flow.is_some();
    if let Some(flow) = flow {
        let mut data = match flow_data(stripe, visit.subscription, flow).await {
            Ok(Some(data)) => data,
            Ok(None) => return Ok(None),
            // Stripe does not know the subscription.
            Err(Error::Stripe(error)) if is_refusal(&error) => {
                note_refusal(&error);
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let mut after = AfterCompletion::new(AfterCompletionType::Redirect);
        after.redirect = Some(LeadTo::new(visit.done_url));
        data.after_completion = Some(after);
        request = request.flow_data(data);
    }
    let session: Object = match stripe.post(&request, &IdempotencyKey::unique()).await {
        Ok(session) => session,
        // Its configuration offers no such change, or there is nothing to change.
        Err(error) if one_thing && is_refusal(&error) => {
            note_refusal(&error);
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    session.url.map(Some).ok_or(Error::Internal("the portal session has no url"))
}

fn is_refusal(error: &stripe::Error) -> bool {
    matches!(error, stripe::Error::Refused { status: 400 | 404, .. }) && !error.is_missing("customer")
}

fn note_refusal(error: &stripe::Error) {
    tracing::info!(target: "billing", %error, "Stripe's portal has no page for a flow");
}

async fn flow_data(
    stripe: &Stripe,
    subscription: Option<&SubscriptionId>,
    flow: Flow<'_>,
) -> Result<Option<FlowData>, Error> {
    let change = match (flow, subscription) {
        (Flow::PaymentMethod, _) => return Ok(Some(FlowData::new(FlowType::PaymentMethodUpdate))),
        (_, None) => return Ok(None),
        (Flow::Cancel, Some(subscription)) => {
            let mut data = FlowData::new(FlowType::SubscriptionCancel);
            data.subscription_cancel = Some(CancelData::new(subscription.as_str()));
            return Ok(Some(data));
        }
        (Flow::Update(change), Some(subscription)) => (change, subscription),
    };
    let (Change { offer, quantity }, subscription) = change;
    let Some(sold_by) = &offer.price else { return Ok(None) };
    let request = RetrieveSubscription::new(subscription.as_str());
    let (price, bought): (_, WithItems) = futures_util::future::try_join(price::id(stripe, sold_by), async {
        Ok(stripe.get_one(&request, subscription.as_str()).await?)
    })
    .await?;
    // The portal changes no subscription to several things.
    let Some(item) = bought.only() else { return Ok(None) };
    let mut wanted = ItemData::new(item.id);
    wanted.price = Some(price);
    wanted.quantity = quantity.map(u64::from);
    let mut data = FlowData::new(FlowType::SubscriptionUpdateConfirm);
    data.subscription_update_confirm = Some(UpdateData::new(vec![wanted], subscription.as_str()));
    Ok(Some(data))
}
