//! Checkout sessions at Stripe: at most one is open for an organization, whoever clicks how often.

use std::collections::HashMap;

use futures_util::future::{try_join_all, try_join3};
use shared::app::App;
use shared::billing::whole_subscription::whole;
use shared::billing::{contact, price};
use shared::db::customers;
use shared::db::organizations::BillingAccount;
use shared::db::plans::{self, Offer, Wanted};
use shared::domain::ids::{CheckoutSessionId, CustomerId, UserId};
use shared::domain::subscription::Snapshot;
use shared::error::Error;
use shared::http::error::ApiError;
use shared::http::identity::Caller;
use shared::http::{billing_admin, offer};
use shared::stripe::wire::Listing;
use shared::stripe::wire::checkout_session::CheckoutSession;
use shared::stripe::wire::subscription::Subscription;
use shared::stripe::{IdempotencyKey, Stripe};
use stripe_billing::subscription::{ListSubscription, ListSubscriptionStatus};
use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionAutomaticTax, CreateCheckoutSessionCustomerUpdate,
    CreateCheckoutSessionCustomerUpdateAddress, CreateCheckoutSessionCustomerUpdateName,
    CreateCheckoutSessionLineItems, CreateCheckoutSessionSubscriptionData,
    CreateCheckoutSessionTaxIdCollection, ListCheckoutSession,
};
use stripe_shared::{CheckoutSessionMode, CheckoutSessionStatus};

use crate::customer;
use crate::expire::{Bought, expire};
use crate::order::{self, Order};

/// A second click within this many seconds finds the first one's session.
const SAME_CLICK: i64 = 60;
/// How often to begin again because somebody else opened a session at the same time.
const ATTEMPTS: u32 = 5;
/// The entries of a session's metadata that tell how many seats were ordered, and at which price.
const SEATS: &str = "seats";
const PRICE: &str = "price_id";

/// An open session.
pub struct Opened {
    pub session: CheckoutSession,
    /// All seats that it sells.
    pub seats: u32,
}

/// What is ordered, as it is sold.
struct Sold {
    offer: Offer,
    /// How many of the plan.
    quantity: u32,
}

/// Opens a session for the order, with the organization's customer or a new one.
pub async fn open(app: &App, caller: &Caller, order: &Order) -> Result<Opened, ApiError> {
    for _ in 0..ATTEMPTS {
        let (account, sold) = buyer(app, caller, order).await?;
        let customer = match account.customer.clone() {
            Some(customer) => customer,
            None => customer::create(app, caller, order.org, account.replaces.as_ref()).await?,
        };
        tell_contact(app, caller, order, &customer, account.contact).await?;
        let session = match open_for(app, caller, order, (&account, &sold), &customer).await {
            // Deleted in Stripe's dashboard.
            Err(ApiError::Failed(Error::Stripe(error))) if error.is_missing("customer") => {
                let replacement = customer::create(app, caller, order.org, Some(&customer)).await?;
                tell_contact(app, caller, order, &replacement, None).await?;
                open_for(app, caller, order, (&account, &sold), &replacement).await?
            }
            session => session?,
        };
        if let Some(session) = session {
            let seats = u32::try_from(sold.offer.seats).unwrap_or(1).saturating_mul(sold.quantity);
            return Ok(Opened { session, seats });
        }
    }
    Err(Error::Internal("others kept opening checkout sessions for the same organization").into())
}

/// The organization's account, if the caller may buy for it and it has nothing yet; and what is ordered, if
/// it is sold.
async fn buyer(app: &App, caller: &Caller, order: &Order) -> Result<(BillingAccount, Sold), ApiError> {
    let livemode = app.stripe()?.livemode();
    let currency = order.currency.as_deref();
    let wanted = Wanted { plan: &order.plan, interval: order.interval, currency };
    let (offer, account) = plans::offer(app.db()?, caller.user, order.org, livemode, wanted).await?;
    // First: what is sold to an organization alone, only its people may learn.
    let account = billing_admin::check(account)?;
    let offer = offer::check(offer).map_err(|error| match error {
        ApiError::InvalidInterval if currency.is_some() => order::not_in_that_currency(),
        error => error,
    })?;
    let quantity = offer::quantity(&offer, order.seats)?.unwrap_or(1);
    if account.subscribed {
        return Err(subscribed(!account.price_unknown));
    }
    Ok((account, Sold { offer, quantity }))
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
    (account, sold): (&BillingAccount, &Sold),
    customer: &CustomerId,
) -> Result<Option<CheckoutSession>, ApiError> {
    let stripe = app.stripe()?;
    let now = app.clock.now().as_second();
    let (price, open_sessions, subscriptions) = try_join3(
        price(stripe, &sold.offer),
        open_sessions(stripe, customer),
        subscriptions_of(stripe, customer),
    )
    .await?;
    // Stripe is asked too: the webhook of a purchase may be on its way.
    if pays(&subscriptions, &sold.offer) {
        return Err(subscribed(true));
    }
    let metadata = metadata(caller, order, &price);
    let known = account.last_checkout_session.as_ref();
    let clicked_twice = |s: &&CheckoutSession| {
        Some(&s.id) == known && s.metadata.0 == metadata && leads(s, order) && now - s.created < SAME_CLICK
    };
    if let Some(session) = open_sessions.iter().find(clicked_twice) {
        return Ok(Some(session.clone()));
    }
    let trial_days = app.config.trial_days;
    let had_trial = account.had_trial || subscriptions.iter().any(|s| s.trial_end.is_some());
    let trial_days = (trial_days > 0 && !had_trial).then_some(trial_days);
    let request = request(app, order, customer, (price, sold.quantity), metadata, trial_days);
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
    let bought: Vec<Option<Bought>> = try_join_all(over.map(|id| expire(stripe, id))).await?;
    let bought: Vec<Bought> = bought.into_iter().flatten().collect();
    // One that was over before we ended it may have been bought in this moment.
    if !bought.is_empty() {
        let mut goes_on = pays(&subscriptions_of(stripe, customer).await?, &sold.offer);
        for bought in bought {
            goes_on = goes_on || bought.goes_on(stripe, order, &sold.offer).await?;
        }
        if goes_on {
            expire(stripe, &session.id).await?;
            return Err(subscribed(true));
        }
    }
    Ok(Some(session))
}

async fn price(stripe: &Stripe, offer: &Offer) -> Result<String, ApiError> {
    let sold_by = offer.price.as_ref().ok_or(ApiError::InvalidInterval)?;
    Ok(price::id(stripe, sold_by).await?)
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
    let (subscriptions, answered): (Listing<Subscription>, _) = stripe.read(&request).await?;
    let mut all = Vec::with_capacity(subscriptions.data.len());
    for subscription in subscriptions.data {
        all.push(whole(stripe, subscription, answered).await?.0);
    }
    Ok(all)
}

fn metadata(caller: &Caller, order: &Order, price: &str) -> HashMap<String, String> {
    let mut metadata = HashMap::from([
        ("org_id".to_owned(), order.org.to_string()),
        ("plan_code".to_owned(), order.plan.to_string()),
        ("interval".to_owned(), order.interval.to_string()),
        ("user_id".to_owned(), caller.user.to_string()),
        // The catalogue or a deal may have changed since the first click.
        (PRICE.to_owned(), price.to_owned()),
    ]);
    metadata.extend(order.seats.map(|seats| (SEATS.to_owned(), seats.to_string())));
    // Another currency is another order.
    metadata.extend(order.currency.clone().map(|currency| ("currency".to_owned(), currency)));
    metadata
}

fn request(
    app: &App,
    order: &Order,
    customer: &CustomerId,
    (price, quantity): (String, u32),
    metadata: HashMap<String, String>,
    trial_days: Option<u32>,
) -> CreateCheckoutSession {
    let mut line = CreateCheckoutSessionLineItems::new();
    line.price = Some(price);
    line.quantity = Some(u64::from(quantity));
    let mut subscription = CreateCheckoutSessionSubscriptionData::new();
    // Seats and prices change in the portal, and nothing there changes the metadata.
    let stays = |name: &str| ![SEATS, PRICE].contains(&name);
    subscription.metadata =
        Some(metadata.iter().filter(|(name, _)| stays(name)).map(|(n, v)| (n.clone(), v.clone())).collect());
    subscription.trial_period_days = trial_days;
    let request = CreateCheckoutSession::new()
        .mode(CheckoutSessionMode::Subscription)
        .customer(customer.as_str())
        .client_reference_id(order.org.to_string())
        .line_items(vec![line])
        .metadata(metadata)
        .subscription_data(subscription)
        .allow_promotion_codes(true)
        .success_url(order.success_url.as_str())
        .cancel_url(order.cancel_url.as_str());
    if !app.config.automatic_tax {
        return request;
    }
    // Stripe computes the tax from the address, and a business gives its tax id with its name. An existing
    // customer must be allowed to enter them (Stripe, "Collect taxes in Checkout", "Collect tax IDs").
    let mut update = CreateCheckoutSessionCustomerUpdate::new();
    update.address = Some(CreateCheckoutSessionCustomerUpdateAddress::Auto);
    update.name = Some(CreateCheckoutSessionCustomerUpdateName::Auto);
    request
        .automatic_tax(CreateCheckoutSessionAutomaticTax::new(true))
        .tax_id_collection(CreateCheckoutSessionTaxIdCollection::new(true))
        .customer_update(update)
}

/// The organization pays already. The page that changes what it has is opened later.
fn subscribed(price_known: bool) -> ApiError {
    ApiError::AlreadySubscribed { price_known, portal_url: None }
}

/// Whether a session leads back to where the order does.
fn leads(session: &CheckoutSession, order: &Order) -> bool {
    session.success_url.as_deref() == Some(&order.success_url)
        && session.cancel_url.as_deref() == Some(&order.cancel_url)
}

/// Whether another subscription would charge twice.
fn pays(subscriptions: &[Snapshot], offer: &Offer) -> bool {
    subscriptions.iter().any(|subscription| subscription.binds(&offer.keys))
}
