//! Organizations and their members.

use tokio_postgres::types::Type;

use crate::db::{Db, Error};
use crate::domain::ids::{CheckoutSessionId, CustomerId, OrgId, UserId};

/// What a member may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Owns the organization, and may change billing.
    Owner,
    /// May change billing; what `billing adopt --buyers` named.
    Admin,
    /// May read what the organization has, and change nothing.
    Member,
}

impl Role {
    /// Whether it may begin a checkout or open the customer portal.
    pub fn may_change_billing(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }
}

/// What checkout and portal need to know of an organization.
#[derive(Clone, Debug)]
pub struct BillingAccount {
    /// The caller's role in it.
    pub role: Role,
    /// Its Stripe customer in the mode of the key. None: it never began a checkout.
    pub customer: Option<CustomerId>,
    /// The checkout session that was opened last. None: there was none.
    pub last_checkout_session: Option<CheckoutSessionId>,
    /// It has a paid subscription that has not ended.
    pub subscribed: bool,
    /// It had a trial, ever.
    pub had_trial: bool,
}

/// An organization as the caller stands to it, read as the caller. None: not a member, or there is no such
/// organization.
///
/// # Errors
/// If the database fails.
pub async fn billing_account(
    db: &Db,
    user: UserId,
    org: OrgId,
    livemode: bool,
) -> Result<Option<BillingAccount>, Error> {
    let org = org.uuid();
    let rows = db
        .query_as(
            user,
            "select * from billing.read_account($1, $2)",
            &[(&org, Type::UUID), (&livemode, Type::BOOL)],
        )
        .await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let role = match row.get("role") {
        "owner" => Role::Owner,
        "admin" => Role::Admin,
        _ => Role::Member,
    };
    Ok(Some(BillingAccount {
        role,
        customer: row.get::<_, Option<String>>("customer").map(CustomerId::from),
        last_checkout_session: row
            .get::<_, Option<String>>("last_checkout_session")
            .map(CheckoutSessionId::from),
        subscribed: row.get("subscribed"),
        had_trial: row.get("had_trial"),
    }))
}
