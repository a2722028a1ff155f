//! The organization's one customer at Stripe, made at the first checkout.

use std::collections::HashMap;

use shared::app::App;
use shared::db::customers;
use shared::domain::ids::{CustomerId, OrgId};
use shared::http::error::ApiError;
use shared::stripe::IdempotencyKey;
use shared::stripe::wire::Object;
use stripe_core::customer::{CreateCustomer, UpdateCustomer};

/// Makes a customer and stores it, in place of `replaces` if that one was deleted at Stripe. Callers at the same time get the same
/// one: the idempotency key is made of the organization's id.
pub async fn create(
    app: &App,
    org: OrgId,
    email: Option<&str>,
    replaces: Option<&CustomerId>,
) -> Result<CustomerId, ApiError> {
    let stripe = app.stripe()?;
    let key = IdempotencyKey::new(format!("customer:{org}:{}", replaces.map_or("first", CustomerId::as_str)));
    let metadata = HashMap::from([("org_id".to_owned(), org.to_string())]);
    let made: Object = stripe.post(&CreateCustomer::new().metadata(metadata), &key).await?;
    let made = CustomerId::from(made.id);
    // Apart, because two callers have two addresses, and one idempotency key allows one set of parameters.
    if let Some(email) = email {
        let request = UpdateCustomer::new(made.as_str()).email(email);
        let _: Object = stripe.post(&request, &IdempotencyKey::unique()).await?;
    }
    Ok(customers::store(app.db()?, org, stripe.livemode(), &made, replaces).await?)
}
