//! Checkout sessions at Stripe: at most one is open for an organization, whoever clicks how often.

use std::collections::HashMap;

use futures_util::future::{try_join_all, try_join3};
use shared::app::App;
use shared::billing::contact;
use shared::db::customers;
use shared::db::organizations::BillingAccount;
use shared::db::plans::{self, Offer, SoldBy, Wanted};
use shared::domain::ids::{CheckoutSessionId, CustomerId, UserId};
use shared::domain::subscription::Snapshot;
use shared::error::Error;
use shared::http::billing_admin;
use shared::http::error::ApiError;
use shared::http::identity::Caller;
use shared::stripe::wire::checkout_session::CheckoutSession;
use shared::stripe::wire::price::Price;
use shared::stripe::wire::subscription::Subscription;
use shared::stripe::wire::{Listing, Object};
use shared::stripe::{self, IdempotencyKey, Stripe};
use stripe_billing::subscription::{ListSubscription, ListSubscriptionStatus};
use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionAutomaticTax, CreateCheckoutSessionCustomerUpdate,
    CreateCheckoutSessionCustomerUpdateAddress, CreateCheckoutSessionCustomerUpdateName,
    CreateCheckoutSessionLineItems, CreateCheckoutSessionSubscriptionData,
    CreateCheckoutSessionTaxIdCollection, ExpireCheckoutSession, ListCheckoutSession,
};
use stripe_product::price::ListPrice;
use stripe_shared::{CheckoutSessionMode, CheckoutSessionStatus};

use crate::customer;
use crate::order::{self, Order};

/// A second click within this many seconds finds the first one's session.
const SAME_CLICK: i64 = 60;
/// How often to begin again because somebody else opened a session at the same time.
const ATTEMPTS: u32 = 5;

/// Opens a session for the order, with the organization's customer or a new one.
pub async fn open(app: &App, caller: &Caller, order: &Order) -> Result<CheckoutSession, ApiError> {
    for _ in 0..ATTEMPTS {
        let (account, offer) = buyer(app, caller, order).await?;
        let customer = match account.customer.clone() {
            Some(customer) => customer,
            None => customer::create(app, caller, order.org, account.replaces.as_ref()).await?,
        };
        tell_contact(app, caller, order, &customer, account.contact).await?;
        let session = match open_for(app, caller, order, (&account, &offer), &customer).await {
            // Deleted in Stripe's dashboard.
            Err(ApiError::Failed(Error::Stripe(error))) if error.is_missing("customer") => {
                let replacement = customer::create(app, caller, order.org, Some(&customer)).await?;
                tell_contact(app, caller, order, &replacement, None).await?;
                open_for(app, caller, order, (&account, &offer), &replacement).await?
            }
            session => session?,
        };
        if let Some(session) = session {
            return Ok(session);
        }
    }
    Err(Error::Internal("others kept opening checkout sessions for the same organization").into())
}

/// The organization's account, if the caller may buy for it and it has nothing yet; and what is ordered, if
/// it is sold.
async fn buyer(app: &App, caller: &Caller, order: &Order) -> Result<(BillingAccount, Offer), ApiError> {
    let livemode = app.stripe()?.livemode();
    let currency = order.currency.as_deref();
    let wanted = Wanted { plan: &order.plan, interval: order.interval, currency };
    let (offer, account) = plans::offer(app.db()?, caller.user, order.org, livemode, wanted).await?;
    let offer = match offer {
        Some(offer) if offer.price.is_some() => offer,
        Some(_) if currency.is_some() => return Err(order::not_in_that_currency()),
        Some(_) => return Err(ApiError::InvalidInterval),
        None => return Err(ApiError::InvalidPlan),
    };
    let account = billing_admin::check(account)?;
    if account.subscribed {
        return Err(ApiError::AlreadySubscribed { price_known: !account.price_unknown });
    }
    Ok((account, offer))
}

async fn tell_contact(
    app: &App,
    caller: &Caller,
    order: &Order,
    customer: &CustomerId,
    contact: Option<UserId>,
) -> Result<(), ApiError> {
    let with = (app.db()?, app.stripe()?);
    Ok(contact::tell(with, caller.user, caller.email.as_deref(), order.org, customer, contact).await?)
}

/// None: somebody else opened a session at the same time, and ours is over.
async fn open_for(
    app: &App,
    caller: &Caller,
    order: &Order,
    (account, offer): (&BillingAccount, &Offer),
    customer: &CustomerId,
) -> Result<Option<CheckoutSession>, ApiError> {
    let stripe = app.stripe()?;
    let now = app.clock.now().as_second();
    let (price, open_sessions, subscriptions) =
        try_join3(price(stripe, offer), open_sessions(stripe, customer), subscriptions_of(stripe, customer))
            .await?;
    // Stripe is asked too: the webhook of a purchase may be on its way.
    if pays(&subscriptions, offer) {
        return Err(ApiError::AlreadySubscribed { price_known: true });
    }
    let metadata = metadata(caller, order);
    let known = account.last_checkout_session.as_ref();
    let clicked_twice = |s: &&CheckoutSession| {
        Some(&s.id) == known && s.metadata.0 == metadata && now - s.created < SAME_CLICK
    };
    if let Some(session) = open_sessions.iter().find(clicked_twice) {
        return Ok(Some(session.clone()));
    }
    let trial_days = app.config.trial_days;
    let had_trial = account.had_trial || subscriptions.iter().any(|s| s.trial_end.is_some());
    let request =
        request(app, order, customer, price, metadata, (trial_days > 0 && !had_trial).then_some(trial_days))?;
    // Clicks at the same moment know the same last session, and get one session for one key. The minute keeps
    // a failure that Stripe remembers under the key from lasting for a day.
    let last = known.map_or("none", CheckoutSessionId::as_str);
    let key =
        IdempotencyKey::for_request(&format!("checkout:{}:{}:{last}", order.org, now / SAME_CLICK), &request);
    let session: CheckoutSession = stripe.post(&request, &key).await?;
    let livemode = stripe.livemode();
    if !customers::replace_checkout_session(app.db()?, caller.user, order.org, livemode, known, &session.id)
        .await?
    {
        expire(stripe, &session.id).await?;
        return Ok(None);
    }
    // An old one that is not the last is what a crash left behind.
    let left_behind = open_sessions.iter().filter(|s| now - s.created >= SAME_CLICK).map(|s| &s.id);
    let over =
        known.into_iter().chain(left_behind.filter(|id| Some(*id) != known)).filter(|id| **id != session.id);
    let ended: Vec<Ended> = try_join_all(over.map(|id| expire(stripe, id))).await?;
    // One that was over before we ended it may have been paid in this moment.
    if ended.contains(&Ended::Before) && pays(&subscriptions_of(stripe, customer).await?, offer) {
        expire(stripe, &session.id).await?;
        return Err(ApiError::AlreadySubscribed { price_known: true });
    }
    Ok(Some(session))
}

async fn price(stripe: &Stripe, offer: &Offer) -> Result<String, ApiError> {
    let key = match &offer.price {
        Some(SoldBy::Id(id)) => return Ok(id.clone()),
        Some(SoldBy::LookupKey(key)) => key.clone(),
        None => return Err(ApiError::InvalidInterval),
    };
    let request = ListPrice::new().lookup_keys(vec![key]).active(true).limit(1);
    let prices: Listing<Price> = stripe.get(&request).await?;
    let price = prices.data.into_iter().next().and_then(|price| price.id);
    Ok(price.ok_or(Error::Internal("no active price in Stripe has the plan's lookup key"))?)
}

async fn open_sessions(stripe: &Stripe, customer: &CustomerId) -> Result<Vec<CheckoutSession>, ApiError> {
    let request =
        ListCheckoutSession::new().customer(customer.as_str()).status(CheckoutSessionStatus::Open).limit(100);
    let sessions: Listing<CheckoutSession> = stripe.get(&request).await?;
    Ok(sessions.data)
}

async fn subscriptions_of(stripe: &Stripe, customer: &CustomerId) -> Result<Vec<Snapshot>, ApiError> {
    let request =
        ListSubscription::new().customer(customer.as_str()).status(ListSubscriptionStatus::All).limit(100);
    let subscriptions: Listing<Subscription> = stripe.get(&request).await?;
    Ok(subscriptions.data.into_iter().map(Snapshot::from).collect())
}

fn metadata(caller: &Caller, order: &Order) -> HashMap<String, String> {
    let mut metadata = HashMap::from([
        ("org_id".to_owned(), order.org.to_string()),
        ("plan_code".to_owned(), order.plan.to_string()),
        ("interval".to_owned(), order.interval.to_string()),
        ("user_id".to_owned(), caller.user.to_string()),
    ]);
    // Another currency is another order.
    metadata.extend(order.currency.clone().map(|currency| ("currency".to_owned(), currency)));
    metadata
}

fn request(
    app: &App,
    order: &Order,
    customer: &CustomerId,
    price: String,
    metadata: HashMap<String, String>,
    trial_days: Option<u32>,
) -> Result<CreateCheckoutSession, ApiError> {
    let base =
        app.config.base_url.as_ref().ok_or(Error::Misconfigured("BASE_URL"))?.as_str().trim_end_matches('/');
    let mut line = CreateCheckoutSessionLineItems::new();
    line.price = Some(price);
    line.quantity = Some(1);
    let mut subscription = CreateCheckoutSessionSubscriptionData::new();
    subscription.metadata = Some(metadata.clone());
    subscription.trial_period_days = trial_days;
    let request = CreateCheckoutSession::new()
        .mode(CheckoutSessionMode::Subscription)
        .customer(customer.as_str())
        .client_reference_id(order.org.to_string())
        .line_items(vec![line])
        .metadata(metadata)
        .subscription_data(subscription)
        .allow_promotion_codes(true)
        .success_url(format!("{base}/billing/success?session_id={{CHECKOUT_SESSION_ID}}"))
        .cancel_url(format!("{base}/billing/canceled"));
    if !app.config.automatic_tax {
        return Ok(request);
    }
    // Stripe computes the tax from the address, and a business gives its tax id with its name. An existing
    // customer must be allowed to enter them (Stripe, "Collect taxes in Checkout", "Collect tax IDs").
    let mut update = CreateCheckoutSessionCustomerUpdate::new();
    update.address = Some(CreateCheckoutSessionCustomerUpdateAddress::Auto);
    update.name = Some(CreateCheckoutSessionCustomerUpdateName::Auto);
    Ok(request
        .automatic_tax(CreateCheckoutSessionAutomaticTax::new(true))
        .tax_id_collection(CreateCheckoutSessionTaxIdCollection::new(true))
        .customer_update(update))
}

/// Whether another subscription would charge twice.
fn pays(subscriptions: &[Snapshot], offer: &Offer) -> bool {
    subscriptions.iter().any(|subscription| subscription.binds(&offer.keys))
}

/// Who ended a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    ByUs,
    /// It was paid, expired, or gone with its customer.
    Before,
}

/// Expires a session, so that two open tabs cannot buy twice.
async fn expire(stripe: &Stripe, session: &CheckoutSessionId) -> Result<Ended, ApiError> {
    let request = ExpireCheckoutSession::new(session.as_str());
    match stripe.post::<Object>(&request, &IdempotencyKey::unique()).await {
        Ok(_) => Ok(Ended::ByUs),
        Err(stripe::Error::Refused { status: 400 | 404, .. }) => Ok(Ended::Before),
        Err(error) => Err(error.into()),
    }
}
