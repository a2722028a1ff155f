//! The organization's one customer at Stripe, made at the first checkout.

use std::collections::HashMap;

use shared::app::App;
use shared::db::customers;
use shared::domain::ids::{CustomerId, OrgId};
use shared::http::error::ApiError;
use shared::http::identity::Caller;
use shared::stripe::wire::Object;
use shared::stripe::{Error, IdempotencyKey, Stripe};
use stripe_core::customer::{CreateCustomer, UpdateCustomer};

/// Makes a customer and stores it, in place of `replaces` if that one was deleted at Stripe. Callers at the
/// same time get the same one: the idempotency key is made of the organization's id.
pub async fn create(
    app: &App,
    caller: &Caller,
    org: OrgId,
    replaces: Option<&CustomerId>,
) -> Result<CustomerId, ApiError> {
    let stripe = app.stripe()?;
    let key = format!("customer:{org}:{}", replaces.map_or("first", CustomerId::as_str));
    let request = CreateCustomer::new().metadata(HashMap::from([("org_id".to_owned(), org.to_string())]));
    let made: Object = match stripe.post(&request, &IdempotencyKey::new(key.as_str())).await {
        // Stripe remembers a failure of its own under the key for a day; nobody shall wait as long.
        Err(Error::Refused { status: 500.., .. }) => {
            let hour = app.clock.now().as_second() / 3600;
            stripe.post(&request, &IdempotencyKey::new(format!("{key}:{hour}"))).await?
        }
        made => made?,
    };
    let stored = customers::store(
        app.db()?,
        caller.user,
        org,
        stripe.livemode(),
        &CustomerId::from(made.id),
        replaces,
    )
    .await?;
    if let Some(email) = &caller.email {
        tell_email(stripe, &stored, email).await?;
    }
    Ok(stored)
}

/// Apart from the creation, because two callers have two addresses, and one idempotency key allows one set of
/// parameters. An address that Stripe does not take is no reason not to sell.
async fn tell_email(stripe: &Stripe, customer: &CustomerId, email: &str) -> Result<(), ApiError> {
    let request = UpdateCustomer::new(customer.as_str()).email(email);
    match stripe.post::<Object>(&request, &IdempotencyKey::unique()).await {
        Err(error @ Error::Refused { status: 400, .. }) => {
            tracing::warn!(
                target: "billing", customer = customer.as_str(), %error,
                "Stripe does not take the caller's address"
            );
            Ok(())
        }
        told => Ok(told.map(drop)?),
    }
}
