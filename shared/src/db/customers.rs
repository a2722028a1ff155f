//! The one Stripe customer of an organization, per mode. All statements are for an owner or admin of the
//! organization: the database checks it once more.

use tokio_postgres::types::{ToSql, Type};

use crate::db::{Db, Error};
use crate::domain::ids::{CheckoutSessionId, CustomerId, OrgId, UserId};

/// Stores an organization's customer, in place of `replaces` or of none, and returns the one that is stored
/// then: of two callers at once the first decides.
///
/// # Errors
/// If the database fails, or stores none: `asking` is no billing admin, or the customer is another
/// organization's.
pub async fn store(
    db: &Db,
    asking: UserId,
    org: OrgId,
    livemode: bool,
    customer: &CustomerId,
    replaces: Option<&CustomerId>,
) -> Result<CustomerId, Error> {
    let (asking, org) = (asking.uuid(), org.uuid());
    let (customer, replaces) = (customer.as_str(), replaces.map(CustomerId::as_str));
    let rows = db
        .query(
            "select billing.pf_store_customer($1, $2, $3, $4, $5)",
            &[
                (&asking, Type::UUID),
                (&org, Type::UUID),
                (&livemode, Type::BOOL),
                (&customer, Type::TEXT),
                (&replaces, Type::TEXT),
            ],
        )
        .await?;
    let stored = rows.first().and_then(|row| row.get::<_, Option<String>>(0));
    stored.map(CustomerId::from).ok_or_else(|| Error::Answer("no customer was stored".to_owned()))
}

/// Notes whose e-mail address Stripe has for an organization's customer.
///
/// # Errors
/// If the database fails.
pub async fn store_contact(
    db: &Db,
    asking: UserId,
    org: OrgId,
    livemode: bool,
    customer: &CustomerId,
) -> Result<(), Error> {
    let (asking, org, customer) = (asking.uuid(), org.uuid(), customer.as_str());
    let sql = "select billing.pf_store_contact($1, $2, $3, $4)";
    let values: [(&(dyn ToSql + Sync), Type); 4] =
        [(&asking, Type::UUID), (&org, Type::UUID), (&livemode, Type::BOOL), (&customer, Type::TEXT)];
    db.query(sql, &values).await.map(drop)
}

/// Makes a checkout session the organization's last one, if that is still the one the caller knew (or already
/// this one). False: somebody else was faster.
///
/// # Errors
/// If the database fails.
pub async fn replace_checkout_session(
    db: &Db,
    asking: UserId,
    org: OrgId,
    livemode: bool,
    known: Option<&CheckoutSessionId>,
    session: &CheckoutSessionId,
) -> Result<bool, Error> {
    let (asking, org) = (asking.uuid(), org.uuid());
    let (known, session) = (known.map(CheckoutSessionId::as_str), session.as_str());
    let rows = db
        .query(
            "select billing.pf_replace_checkout_session($1, $2, $3, $4, $5)",
            &[
                (&asking, Type::UUID),
                (&org, Type::UUID),
                (&livemode, Type::BOOL),
                (&known, Type::TEXT),
                (&session, Type::TEXT),
            ],
        )
        .await?;
    Ok(rows.first().is_some_and(|row| row.get(0)))
}
