//! Subscriptions as reads of Stripe showed them, written by the read rule (`pf_apply_reads` in SQL).

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::argument::{self, SnapshotRow};
use crate::db::{Db, Error};
use crate::domain::ids::{CustomerId, OrgId};
use crate::domain::ordering::ReadTimes;
use crate::domain::subscription::Snapshot;

/// A subscription as Stripe answered it, and when.
#[derive(Clone, Debug)]
pub struct SubscriptionRead {
    /// The state.
    pub snapshot: Snapshot,
    /// The span of time it holds for.
    pub times: ReadTimes,
    /// `times.version` was noted before Stripe was asked. If not, only a row that is missing is written.
    pub version_noted: bool,
}

/// How reads are written.
#[derive(Clone, Copy, Debug)]
pub struct Purpose<'a> {
    /// Told in the audit trail.
    pub cause: &'a str,
    /// How long a plan outlasts a failed payment, in days.
    pub grace_days: i32,
    /// Compare only.
    pub dry_run: bool,
}

/// The argument of `pf_apply_reads`, which says what each field is.
#[derive(Debug, Serialize)]
#[allow(missing_docs)] // The function's file says it.
pub struct ApplyReads<'a> {
    pub reads: Vec<ReadToApply<'a>>,
    pub cause: &'a str,
    pub grace_days: i32,
    pub dry_run: bool,
}

/// One of the reads of [`ApplyReads`].
#[derive(Debug, Serialize)]
#[allow(missing_docs)] // The function's file says it.
pub struct ReadToApply<'a> {
    pub org_ids: &'a [OrgId],
    pub customer: Option<&'a str>,
    pub subscription: &'a str,
    pub snapshot: SnapshotRow<'a>,
    pub version: Option<i64>,
    pub observed_at: i64,
    pub known_through: i64,
    pub may_include: i64,
}

impl<'a> ApplyReads<'a> {
    /// The argument for these reads.
    pub fn new(purpose: Purpose<'a>, reads: &'a [SubscriptionRead]) -> Self {
        Self {
            reads: reads.iter().map(ReadToApply::from).collect(),
            cause: purpose.cause,
            grace_days: purpose.grace_days,
            dry_run: purpose.dry_run,
        }
    }
}

impl<'a> From<&'a SubscriptionRead> for ReadToApply<'a> {
    fn from(read: &'a SubscriptionRead) -> Self {
        Self {
            org_ids: &read.snapshot.orgs,
            customer: read.snapshot.customer.as_ref().map(CustomerId::as_str),
            subscription: read.snapshot.id.as_str(),
            snapshot: SnapshotRow::from(&read.snapshot),
            version: read.version_noted.then_some(read.times.version),
            observed_at: read.times.observed_at,
            known_through: read.times.known_through,
            may_include: read.times.may_include,
        }
    }
}

/// What came of comparing a read with its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComparisonOutcome {
    /// The row says the same.
    Same,
    /// The row was written.
    Applied,
    /// The row differs and was not written: a dry run, or its version was not noted.
    Differs,
    /// The row changed while Stripe was asked.
    Conflict,
    /// It belongs to no organization.
    MissingOrg,
}

/// The comparison of one subscription with its row.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// Which: Stripe's id.
    pub subscription: String,
    /// Whose.
    #[serde(deserialize_with = "Option::deserialize")] // So that it cannot be left out.
    pub org_id: Option<OrgId>,
    /// What came of it.
    pub outcome: ComparisonOutcome,
    /// The row's version before. 0: there was none.
    pub version: i64,
    /// The columns that differ; `entitlements` if the plans written down are others than the subscriptions
    /// grant.
    pub differences: Vec<String>,
}

/// Compares reads with the rows and writes what differs: one call, one commit.
///
/// # Errors
/// If the database fails: then nothing is changed.
pub async fn apply_reads(
    db: &Db,
    purpose: Purpose<'_>,
    reads: &[SubscriptionRead],
) -> Result<Vec<Comparison>, Error> {
    let request = argument::json(&ApplyReads::new(purpose, reads))?;
    let rows = db.query("select billing.pf_apply_reads($1)", &[(&request, Type::JSONB)]).await?;
    let row = rows.first().ok_or_else(|| Error::Answer("pf_apply_reads answered no row".to_owned()))?;
    serde_json::from_value(row.get(0)).map_err(|error| Error::Answer(format!("pf_apply_reads: {error}")))
}

/// What to ask Stripe about an organization.
#[derive(Clone, Debug, Deserialize)]
pub struct Inquiry {
    /// Whose subscriptions: Stripe's ids.
    pub customers: Vec<String>,
    /// The rows' versions before Stripe is asked, by subscription.
    pub versions: HashMap<String, i64>,
}

/// Lets one caller in five seconds ask Stripe about an organization. None: somebody did a moment ago, or
/// there is no customer.
///
/// # Errors
/// If the database fails.
pub async fn begin_sync(db: &Db, org: OrgId, livemode: bool) -> Result<Option<Inquiry>, Error> {
    let org = org.uuid();
    let rows = db
        .query("select billing.pf_begin_sync($1, $2)", &[(&org, Type::UUID), (&livemode, Type::BOOL)])
        .await?;
    match rows.first().and_then(|row| row.get::<_, Option<Value>>(0)) {
        None => Ok(None),
        Some(inquiry) => serde_json::from_value(inquiry)
            .map(Some)
            .map_err(|error| Error::Answer(format!("pf_begin_sync: {error}"))),
    }
}

/// The same for an operator, as often as they like.
///
/// # Errors
/// If the database fails.
pub async fn inquiry(db: &Db, org: OrgId, livemode: bool) -> Result<Inquiry, Error> {
    let org = org.uuid();
    let rows =
        db.query("select billing.pf_inquiry($1, $2)", &[(&org, Type::UUID), (&livemode, Type::BOOL)]).await?;
    let row = rows.first().ok_or_else(|| Error::Answer("pf_inquiry answered no row".to_owned()))?;
    serde_json::from_value(row.get(0)).map_err(|error| Error::Answer(format!("pf_inquiry: {error}")))
}

/// Says that Stripe did not answer what [`begin_sync`] let somebody ask, that long ago: the next may ask
/// after a second. If that cannot be said, they wait for five.
pub async fn fail_sync(db: &Db, org: OrgId, livemode: bool, ago: Duration) {
    let milliseconds = i64::try_from(ago.as_millis()).unwrap_or(i64::MAX);
    let params =
        &[(&org.uuid() as _, Type::UUID), (&livemode as _, Type::BOOL), (&milliseconds as _, Type::INT8)];
    if let Err(error) = db.query("select billing.pf_fail_sync($1, $2, $3)", params).await {
        tracing::warn!(target: "billing", org_id = %org, %error, "a sync waits, though Stripe was not asked");
    }
}

/// What a row says before Stripe is asked about its subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Stripe's id.
    pub id: String,
    /// Grows with every write.
    pub version: i64,
    /// Whose it is.
    pub org: OrgId,
}

impl From<&tokio_postgres::Row> for Row {
    fn from(row: &tokio_postgres::Row) -> Self {
        Self { id: row.get(0), version: row.get(1), org: row.get::<_, Uuid>(2).into() }
    }
}

/// Rows of subscriptions that have not ended, were made between two times (exclusively) and are none of
/// `listed`: Stripe's list, which is in the order of creation, does not have them.
///
/// # Errors
/// If the database fails.
pub async fn unlisted(
    db: &Db,
    livemode: bool,
    between: (Option<Timestamp>, Option<Timestamp>),
    listed: &[String],
) -> Result<Vec<Row>, Error> {
    let (after, before) = (between.0.map(Timestamp::as_second), between.1.map(Timestamp::as_second));
    let sql = "select stripe_subscription_id, version, org_id from billing.subscriptions
        where livemode = $1 and not billing_private.is_ended(status)
          and stripe_created_at > coalesce(to_timestamp($2), '-infinity')
          and stripe_created_at < coalesce(to_timestamp($3), 'infinity')
          and stripe_subscription_id <> all ($4)";
    let rows = db
        .query(
            sql,
            &[
                (&livemode, Type::BOOL),
                (&after.map(|s| s as f64), Type::FLOAT8),
                (&before.map(|s| s as f64), Type::FLOAT8),
                (&listed, Type::TEXT_ARRAY),
            ],
        )
        .await?;
    Ok(rows.iter().map(Row::from).collect())
}

/// The rows of these subscriptions.
///
/// # Errors
/// If the database fails.
pub async fn rows(db: &Db, ids: &[String]) -> Result<Vec<Row>, Error> {
    let sql = "select stripe_subscription_id, version, org_id from billing.subscriptions
        where stripe_subscription_id = any ($1)";
    let rows = db.query(sql, &[(&ids, Type::TEXT_ARRAY)]).await?;
    Ok(rows.iter().map(Row::from).collect())
}

/// How many live subscriptions of a mode belong to an organization that the application deleted.
///
/// # Errors
/// If the database fails.
pub async fn count_without_organization(db: &Db, livemode: bool) -> Result<u64, Error> {
    let sql = "select count(*) from billing.subscriptions s
        left join billing_private.all_organizations() as o (id) on o.id = s.org_id
        where o.id is null and s.livemode = $1 and billing_private.binds(s)";
    let rows = db.query(sql, &[(&livemode, Type::BOOL)]).await?;
    Ok(rows.first().map_or(0, |row| u64::try_from(row.get::<_, i64>(0)).unwrap_or_default()))
}
