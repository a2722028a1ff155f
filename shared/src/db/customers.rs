//! The one Stripe customer of an organization, per mode.

use tokio_postgres::types::Type;

use crate::db::{Db, Error};
use crate::domain::ids::{CheckoutSessionId, CustomerId, OrgId};

/// Stores an organization's customer, in place of `replaces` or of none, and returns the one that is stored then: of two callers
/// at once the first decides.
///
/// # Errors
/// If the database fails.
pub async fn store(
    db: &Db,
    org: OrgId,
    livemode: bool,
    customer: &CustomerId,
    replaces: Option<&CustomerId>,
) -> Result<CustomerId, Error> {
    let (org, customer, replaces) = (org.uuid(), customer.as_str(), replaces.map(CustomerId::as_str));
    // Apart from the update, because `on conflict do update` watches one constraint, and two callers at once may meet at either.
    db.query(
        "insert into public.billing_customers (org_id, livemode, stripe_customer_id) values ($1, $2, $3) on conflict do nothing",
        &[(&org, Type::UUID), (&livemode, Type::BOOL), (&customer, Type::TEXT)],
    )
    .await?;
    let rows = db
        .query(
            "update public.billing_customers c
             set stripe_customer_id = case when c.stripe_customer_id = $4 then $3 else c.stripe_customer_id end
             where c.org_id = $1 and c.livemode = $2
             returning c.stripe_customer_id",
            &[(&org, Type::UUID), (&livemode, Type::BOOL), (&customer, Type::TEXT), (&replaces, Type::TEXT)],
        )
        .await?;
    let row = rows.first().ok_or_else(|| Error::Answer("no customer was stored".to_owned()))?;
    Ok(CustomerId::from(row.get::<_, String>(0)))
}

/// Makes a checkout session the organization's last one, if that is still the one the caller knew (or already this one). False: somebody
/// else was faster.
///
/// # Errors
/// If the database fails.
pub async fn replace_checkout_session(
    db: &Db,
    org: OrgId,
    livemode: bool,
    known: Option<&CheckoutSessionId>,
    session: &CheckoutSessionId,
) -> Result<bool, Error> {
    let (org, known, session) = (org.uuid(), known.map(CheckoutSessionId::as_str), session.as_str());
    let rows = db
        .query(
            "update public.billing_customers c set last_checkout_session_id = $4
             where c.org_id = $1 and c.livemode = $2
               and (c.last_checkout_session_id is not distinct from $3 or c.last_checkout_session_id = $4)
             returning true",
            &[(&org, Type::UUID), (&livemode, Type::BOOL), (&known, Type::TEXT), (&session, Type::TEXT)],
        )
        .await?;
    Ok(!rows.is_empty())
}
