//! Whose e-mail address Stripe has for an organization's customer: that of the owner or admin who came last.

use stripe_core::customer::UpdateCustomer;

use crate::db::{Db, customers};
use crate::domain::ids::{CustomerId, OrgId, UserId};
use crate::error::Error;
use crate::stripe::wire::Object;
use crate::stripe::{self, IdempotencyKey, Stripe};

/// Tells Stripe the address of whoever opens a checkout or the portal, if it has another person's. Invoices
/// go there: when the owner changes, so does the address. An address that Stripe does not take is no reason
/// not to sell, and a customer that was deleted at Stripe is seen by whoever uses it next.
///
/// # Errors
/// If Stripe or the database fails.
pub async fn tell(
    (db, stripe): (&Db, &Stripe),
    user: UserId,
    email: Option<&str>,
    org: OrgId,
    customer: &CustomerId,
    contact: Option<UserId>,
) -> Result<(), Error> {
    let Some(email) = email.filter(|_| contact != Some(user)) else { return Ok(()) };
    let request = UpdateCustomer::new(customer.as_str()).email(email);
    match stripe.post::<Object>(&request, &IdempotencyKey::unique()).await {
        Err(error) if error.is_gone() => return Ok(()),
        Err(error @ stripe::Error::Refused { status: 400, .. }) => {
            tracing::warn!(
                target: "billing", customer = customer.as_str(), %error,
                "Stripe does not take the caller's address"
            );
        }
        told => {
            told?;
        }
    }
    customers::store_contact(db, user, org, stripe.livemode(), customer).await?;
    Ok(())
}
