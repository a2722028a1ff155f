//! The organization's one customer at Stripe, made at the first checkout.

use std::collections::HashMap;

use shared::app::App;
use shared::db::customers;
use shared::domain::ids::{CustomerId, OrgId};
use shared::http::error::ApiError;
use shared::http::identity::Caller;
use shared::stripe::wire::Object;
use shared::stripe::{Error, IdempotencyKey};
use stripe_core::customer::CreateCustomer;

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
    let made = CustomerId::from(made.id);
    Ok(customers::store(app.db()?, caller.user, org, stripe.livemode(), &made, replaces).await?)
}
