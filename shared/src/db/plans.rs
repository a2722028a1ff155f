//! What is sold.

use std::collections::BTreeMap;

use serde::Deserialize;
use tokio_postgres::types::{Json, Type};

use crate::db::organizations::{self, BillingAccount};
use crate::db::{Db, Error};
use crate::domain::ids::{OrgId, UserId};
use crate::domain::plan::{Interval, Keys, PlanCode};

/// What checkout needs to know of a plan that is ordered.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Finds the price at Stripe. None: the plan is not sold by that interval.
    pub lookup_key: Option<String>,
    /// Seats that one of it includes.
    pub seats: i32,
    /// Several of it may be bought, for more seats.
    pub more_seats: bool,
    /// By which lookup keys the plans' prices are known.
    pub keys: Keys,
}

/// The most that Stripe's portal lets a customer have of one price, where nobody sets another limit.
const MOST: u32 = 999;

impl Offer {
    /// How many of the plan to buy for this many seats: as few as hold them. None: so many cannot be bought.
    pub fn quantity(&self, seats: u32) -> Option<u32> {
        let quantity = seats.div_ceil(u32::try_from(self.seats).ok().filter(|seats| *seats > 0)?);
        (1..=if self.more_seats { MOST } else { 1 }).contains(&quantity).then_some(quantity)
    }
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
        seats: row.get("seats"),
        more_seats: row.get("more_seats"),
        keys: Keys { free: row.get("free_key"), paid: row.get("paid_keys") },
    });
    Ok((offer, organizations::account_of(row)))
}

/// A plan as it is told to people.
#[derive(Clone, Debug, Deserialize)]
pub struct SoldPlan {
    /// Its code.
    pub code: String,
    /// What customers read.
    pub name: String,
    /// One line for people. None: there is none.
    pub description: Option<String>,
    /// 0: what everybody has.
    pub rank: i16,
    /// Seats that it includes.
    pub seats: i32,
    /// Of its prices: three letters, lower case.
    pub currency: String,
    /// By the month, in the currency's smallest unit. None: it is not sold by it.
    pub month: Option<i32>,
    /// The same by the year.
    pub year: Option<i32>,
    /// Every flag there is, on or off.
    pub features: BTreeMap<String, bool>,
}

/// How an organization stands that wants to know what it may do.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The plan in force.
    pub plan_code: String,
    /// Its subscription is canceled, and ends.
    pub ends: bool,
    /// It has a live subscription of its own.
    pub pays: bool,
    /// It had a trial, ever.
    pub had_trial: bool,
}

/// What was read.
#[derive(Clone, Debug)]
pub struct Read {
    /// All plans, lowest rank first.
    pub plans: Vec<SoldPlan>,
    /// None: no organization was asked about, the user is no member, or there is no such organization.
    pub standing: Option<Standing>,
}

/// What is sold, and how an organization stands to it, for a user.
///
/// # Errors
/// If the database fails.
pub async fn read(db: &Db, asked: Option<(UserId, OrgId)>) -> Result<Read, Error> {
    let (user, org) = (asked.map(|(user, _)| user.uuid()), asked.map(|(_, org)| org.uuid()));
    let sql = "select * from billing.read_plans($1, $2)";
    let rows = db.query(sql, &[(&user, Type::UUID), (&org, Type::UUID)]).await?;
    let row = rows.first().ok_or_else(|| Error::Answer("no plans".to_owned()))?;
    let Json(plans) = row.try_get("plans").map_err(|error| Error::Answer(format!("plans: {error}")))?;
    let is_member = row.get::<_, Option<&str>>("role").is_some();
    let standing = is_member.then(|| Standing {
        plan_code: row.get("plan_code"),
        ends: row.get("ends"),
        pays: row.get("pays"),
        had_trial: row.get("had_trial"),
    });
    Ok(Read { plans, standing })
}
