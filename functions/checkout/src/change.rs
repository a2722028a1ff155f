//! The page at Stripe that changes what an organization has already into what was ordered.

use shared::app::App;
use shared::billing::portal_session::{self, Change, Flow, Visit};
use shared::db::plans::{self, Wanted};
use shared::http::error::ApiError;
use shared::http::identity::Caller;
use shared::http::offer;

use crate::order::Order;

/// The address of the page that confirms the change; where the portal has none, of its first page. None: the
/// portal stays closed, or it could not be opened.
pub async fn page(app: &App, caller: &Caller, order: &Order) -> Option<String> {
    match open(app, caller, order).await {
        Ok(url) => url,
        Err(error) => {
            tracing::warn!(target: "billing", %error, "the page that makes a change could not be opened");
            None
        }
    }
}

async fn open(app: &App, caller: &Caller, order: &Order) -> Result<Option<String>, ApiError> {
    let stripe = app.stripe()?;
    // A subscription keeps its currency.
    let wanted = Wanted { plan: &order.plan, interval: order.interval, currency: None };
    let (offer, account) = plans::offer(app.db()?, caller.user, order.org, stripe.livemode(), wanted).await?;
    let offer = offer::check(offer)?;
    let Some((account, customer)) = account
        .filter(|account| !account.shared)
        .and_then(|mut account| account.portal_customer.take().map(|customer| (account, customer)))
    else {
        return Ok(None);
    };
    let visit = Visit {
        customer: &customer,
        subscription: account.portal_subscription.as_ref(),
        return_url: &order.cancel_url,
        done_url: &order.changed_url,
    };
    let stays = account.portal_plan.as_deref() == Some(order.plan.as_str());
    let quantity = offer::quantity_after(&offer, order.seats, stays)?;
    let change = Flow::Update(Change { offer: &offer, quantity });
    match portal_session::open(stripe, visit, Some(change)).await? {
        Some(url) => Ok(Some(url)),
        None => Ok(portal_session::open(stripe, visit, None).await?),
    }
}
