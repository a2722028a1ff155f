//! What is sold.

use std::collections::BTreeMap;

use serde::Deserialize;
use tokio_postgres::types::{Json, Type};

use crate::db::organizations::{self, BillingAccount};
use crate::db::{Db, Error};
use crate::domain::ids::{OrgId, UserId};
use crate::domain::plan::{Interval, Keys, PlanCode};

/// What names a price at Stripe.
#[derive(Clone, Debug)]
pub enum SoldBy {
    /// A lookup key of ours.
    LookupKey(String),
    /// Its id: Stripe had it already.
    Id(String),
}

/// What is ordered.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The plan.
    pub plan: &'a PlanCode,
    /// How often it is paid.
    pub interval: Interval,
    /// ISO 4217, lower case. None: the one in which most pay.
    pub currency: Option<&'a str>,
}

/// What checkout needs to know of a plan that is ordered.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The price. None: the plan is not sold by that interval and in that currency.
    pub price: Option<SoldBy>,
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
    wanted: Wanted<'_>,
) -> Result<(Option<Offer>, Option<BillingAccount>), Error> {
    // In one round trip.
    let sql = "select o.*, a.* from billing.read_offer($4, $5, $2, $6) o
        left join billing.read_account($1, $2, $3) a on true";
    let params = &[
        (&user.uuid() as _, Type::UUID),
        (&org.uuid() as _, Type::UUID),
        (&livemode as _, Type::BOOL),
        (&wanted.plan.as_str() as _, Type::TEXT),
        (&wanted.interval.as_str() as _, Type::TEXT),
        (&wanted.currency as _, Type::TEXT),
    ];
    let rows = db.query(sql, params).await?;
    let row = rows.first().ok_or_else(|| Error::Answer("no offer".to_owned()))?;
    let is_known: bool = row.get("plan_known");
    let by_key = row.get::<_, Option<String>>("lookup_key").map(SoldBy::LookupKey);
    let offer = is_known.then(|| Offer {
        price: by_key.or_else(|| row.get::<_, Option<String>>("price_id").map(SoldBy::Id)),
        keys: Keys { free: row.get("free_key"), paid: row.get("paid_keys") },
    });
    Ok((offer, organizations::account_of(row)))
}

/// What a plan is sold for.
#[derive(Clone, Debug, Deserialize)]
pub struct SoldPrice {
    /// How often it is paid.
    pub interval: Interval,
    /// Three letters, lower case.
    pub currency: String,
    /// In the currency's smallest unit.
    pub amount: i32,
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
    /// What it is sold for, to the organization that is asked about. The first of an interval is what most
    /// pay.
    pub prices: Vec<SoldPrice>,
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
