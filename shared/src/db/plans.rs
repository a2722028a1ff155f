//! What is sold.

use tokio_postgres::types::Type;

use crate::db::organizations::{self, BillingAccount};
use crate::db::{Db, Error};
use crate::domain::ids::{OrgId, UserId};
use crate::domain::plan::{Interval, Keys, PlanCode};

/// What checkout needs to know of a plan that is ordered.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Finds the price at Stripe. None: the plan is not sold by that interval.
    pub lookup_key: Option<String>,
    /// By which lookup keys the plans' prices are known.
    pub keys: Keys,
}

/// A plan as it is sold by an interval, and the organization that wants it as the user stands to it. No
/// offer: there is no such plan. No account: not a member, or there is no such organization.
///
/// # Errors
/// If the database fails.
pub async fn offer(
    db: &Db,
    user: UserId,
    org: OrgId,
    livemode: bool,
    (plan, interval): (&PlanCode, Interval),
) -> Result<(Option<Offer>, Option<BillingAccount>), Error> {
    // In one round trip.
    let sql = "select o.*, a.* from billing.read_offer($4, $5) o
        left join billing.read_account($1, $2, $3) a on true";
    let params = &[
        (&user.uuid() as _, Type::UUID),
        (&org.uuid() as _, Type::UUID),
        (&livemode as _, Type::BOOL),
        (&plan.as_str() as _, Type::TEXT),
        (&interval.as_str() as _, Type::TEXT),
    ];
    let rows = db.query(sql, params).await?;
    let row = rows.first().ok_or_else(|| Error::Answer("no offer".to_owned()))?;
    let is_known: bool = row.get("plan_known");
    let offer = is_known.then(|| Offer {
        lookup_key: row.get("lookup_key"),
        keys: Keys { free: row.get("free_key"), paid: row.get("paid_keys") },
    });
    Ok((offer, organizations::account_of(row)))
}
