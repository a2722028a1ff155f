//! Checkout sessions at Stripe: at most one is open for an organization, whoever clicks how often.

use std::collections::HashMap;

use futures_util::future::{try_join_all, try_join3};
use shared::app::App;
use shared::db::organizations::BillingAccount;
use shared::domain::ids::CustomerId;
use shared::domain::plan::PlanCode;
use shared::domain::subscription::{Snapshot, is_live};
use shared::http::error::ApiError;
use shared::http::identity::Caller;
use shared::stripe::wire::List;
use shared::stripe::wire::checkout_session::CheckoutSession;
use shared::stripe::wire::price::Price;
use shared::stripe::wire::subscription::Subscription;
use shared::stripe::{Error, IdempotencyKey, Stripe};
use stripe_billing::subscription::{ListSubscription, ListSubscriptionStatus};
use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionAutomaticTax, CreateCheckoutSessionCustomerUpdate, CreateCheckoutSessionCustomerUpdateAddress,
    CreateCheckoutSessionLineItems, CreateCheckoutSessionSubscriptionData, ExpireCheckoutSession, ListCheckoutSession,
};
use stripe_product::price::ListPrice;
use stripe_shared::{CheckoutSessionMode, CheckoutSessionStatus};

use crate::customer;
use crate::order::Order;

/// A second click within this many seconds finds the first one's session.
const SAME_CLICK: i64 = 60;

/// Opens a session for the order, with the organization's customer or a new one.
pub async fn open(app: &App, caller: &Caller, order: &Order, account: BillingAccount) -> Result<CheckoutSession, ApiError> {
    let email = caller.email.as_deref();
    let customer = match account.customer.clone() {
        Some(customer) => customer,
        None => customer::create(app, order.org, email, None).await?,
    };
    match open_for(app, caller, order, &account, &customer).await {
        // Deleted in Stripe's dashboard.
        Err(ApiError::Stripe(error)) if error.is_missing("customer") => {
            let replacement = customer::create(app, order.org, email, Some(&customer)).await?;
            open_for(app, caller, order, &account, &replacement).await
        }
        result => result,
    }
}

async fn open_for(app: &App, caller: &Caller, order: &Order, account: &BillingAccount, customer: &CustomerId) -> Result<CheckoutSession, ApiError> {
    let stripe = app.stripe()?;
    let now = app.clock.now().as_second();
    let (price, open_sessions, subscriptions) =
        try_join3(price(stripe, order), open_sessions(stripe, customer), subscriptions(stripe, customer)).await?;
    // Stripe is asked too: the webhook of a purchase may be on its way.
    if subscriptions.iter().any(|s| is_live(&s.status) && s.plan.code() > PlanCode::Pilot) {
        return Err(ApiError::AlreadySubscribed);
    }
    let metadata = metadata(caller, order);
    if let Some(session) = open_sessions.iter().find(|s| s.metadata == metadata && now - s.created < SAME_CLICK) {
        return Ok(session.clone());
    }
    let trial_days = app.config.trial_days;
    let had_trial = account.had_trial || subscriptions.iter().any(|s| s.trial_end.is_some());
    let request = request(app, order, customer, price, metadata, (trial_days > 0 && !had_trial).then_some(trial_days))?;
    // Clicks at the same moment see the same newest session, and get one session for one key. The minute keeps a failure that Stripe
    // remembers under the key from lasting for a day.
    let newest = open_sessions.first().map_or("none", |session| session.id.as_str());
    let key = IdempotencyKey::for_request(&format!("checkout:{}:{}:{newest}", order.org, now / SAME_CLICK), &request);
    let session: CheckoutSession = stripe.post(&request, &key).await?;
    expire_older(stripe, customer, &session).await?;
    Ok(session)
}

async fn price(stripe: &Stripe, order: &Order) -> Result<String, ApiError> {
    let request = ListPrice::new().lookup_keys(vec![order.lookup_key.clone()]).active(true).limit(1);
    let prices: List<Price> = stripe.get(&request).await?;
    let price = prices.data.into_iter().next().and_then(|price| price.id);
    price.ok_or(ApiError::Internal("no active price in Stripe has the plan's lookup key"))
}

async fn open_sessions(stripe: &Stripe, customer: &CustomerId) -> Result<Vec<CheckoutSession>, ApiError> {
    let request = ListCheckoutSession::new().customer(customer.as_str()).status(CheckoutSessionStatus::Open).limit(100);
    let sessions: List<CheckoutSession> = stripe.get(&request).await?;
    Ok(sessions.data)
}

async fn subscriptions(stripe: &Stripe, customer: &CustomerId) -> Result<Vec<Snapshot>, ApiError> {
    let request = ListSubscription::new().customer(customer.as_str()).status(ListSubscriptionStatus::All).limit(100);
    let subscriptions: List<Subscription> = stripe.get(&request).await?;
    Ok(subscriptions.data.into_iter().map(Snapshot::from).collect())
}

fn metadata(caller: &Caller, order: &Order) -> HashMap<String, String> {
    HashMap::from([
        ("org_id".to_owned(), order.org.to_string()),
        ("plan_code".to_owned(), order.plan.to_string()),
        ("interval".to_owned(), order.interval.to_string()),
        ("user_id".to_owned(), caller.user.to_string()),
    ])
}

fn request(
    app: &App, order: &Order, customer: &CustomerId, price: String, metadata: HashMap<String, String>, trial_days: Option<u32>,
) -> Result<CreateCheckoutSession, ApiError> {
    let base = app.config.base_url.as_ref().ok_or(ApiError::Misconfigured("BASE_URL"))?.as_str().trim_end_matches('/');
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
    // Stripe computes the tax from the address, which an existing customer must be allowed to enter (Stripe, "Collect taxes in Checkout").
    let mut update = CreateCheckoutSessionCustomerUpdate::new();
    update.address = Some(CreateCheckoutSessionCustomerUpdateAddress::Auto);
    Ok(request.automatic_tax(CreateCheckoutSessionAutomaticTax::new(true)).customer_update(update))
}

/// Expires the customer's other open sessions, so that two open tabs cannot buy twice. Only older ones: of two callers at once each
/// sees both, and exactly one session must be left.
async fn expire_older(stripe: &Stripe, customer: &CustomerId, session: &CheckoutSession) -> Result<(), ApiError> {
    let age = |s: &CheckoutSession| (s.created, s.id.clone());
    let older = open_sessions(stripe, customer).await?.into_iter().filter(|other| age(other) < age(session));
    try_join_all(older.map(|other| async move {
        let expired: Result<CheckoutSession, Error> =
            stripe.post(&ExpireCheckoutSession::new(other.id.as_str()), &IdempotencyKey::unique()).await;
        match expired {
            // It was paid or expired in this very moment.
            Err(Error::Refused { status: 400, .. }) => Ok(()),
            other => other.map(drop),
        }
    }))
    .await?;
    Ok(())
}
