//! Organizations and their members.

use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::{Db, Error};
use crate::domain::ids::{CheckoutSessionId, CustomerId, OrgId, SubscriptionId, UserId};

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

impl From<&str> for Role {
    /// The database's word for it; any other is that of a member.
    fn from(word: &str) -> Self {
        match word {
            "owner" => Self::Owner,
            "admin" => Self::Admin,
            _ => Self::Member,
        }
    }
}

/// What checkout and portal need to know of an organization.
#[derive(Clone, Debug)]
pub struct BillingAccount {
    /// The caller's role in it.
    pub role: Role,
    /// The Stripe customer that it buys with, in the mode of the key. None: it needs a new one.
    pub customer: Option<CustomerId>,
    /// The customer in whose place the new one comes: it pays for another organization now. None: there is
    /// none.
    pub replaces: Option<CustomerId>,
    /// The customer whose portal it may open: of the subscription that explains its plan, else the one it
    /// buys with. None: it has none.
    pub portal_customer: Option<CustomerId>,
    /// The subscription of its own that this portal changes. None: none, or one that ended.
    pub portal_subscription: Option<SubscriptionId>,
    /// The code of the plan that this one sells.
    pub portal_plan: Option<String>,
    /// That customer pays for another organization too: its portal would show what is not theirs.
    pub shared: bool,
    /// The checkout session that was opened last. None: there was none.
    pub last_checkout_session: Option<CheckoutSessionId>,
    /// It has a live subscription of its own: another one would charge twice.
    pub subscribed: bool,
    /// The same, of a price that nobody knows a plan for.
    pub price_unknown: bool,
    /// It had a trial, ever.
    pub had_trial: bool,
    /// The user whose e-mail address Stripe has for the customer. None: nobody's that we told.
    pub contact: Option<UserId>,
}

/// An organization as the user stands to it. None: not a member, or there is no such
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
    let (user, org) = (user.uuid(), org.uuid());
    let sql = "select * from billing.read_account($1, $2, $3)";
    let rows = db.query(sql, &[(&user, Type::UUID), (&org, Type::UUID), (&livemode, Type::BOOL)]).await?;
    Ok(rows.first().and_then(account_of))
}

/// The account in a row of `billing.read_account`. None: all of it is null.
pub(super) fn account_of(row: &Row) -> Option<BillingAccount> {
    let customer = |name: &str| row.get::<_, Option<String>>(name).map(CustomerId::from);
    Some(BillingAccount {
        role: Role::from(row.get::<_, Option<&str>>("role")?),
        customer: customer("customer"),
        replaces: customer("replaces"),
        portal_customer: customer("portal_customer"),
        portal_subscription: row.get::<_, Option<String>>("portal_subscription").map(SubscriptionId::from),
        portal_plan: row.get("portal_plan"),
        shared: row.get("shared"),
        last_checkout_session: row
            .get::<_, Option<String>>("last_checkout_session")
            .map(CheckoutSessionId::from),
        subscribed: row.get("subscribed"),
        price_unknown: row.get("price_unknown"),
        had_trial: row.get("had_trial"),
        contact: row.get::<_, Option<Uuid>>("contact").map(UserId::from),
    })
}
