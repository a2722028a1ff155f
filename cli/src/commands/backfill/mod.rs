//! `billing backfill`: subscriptions read from Stripe, compared with our rows and written where they differ.

mod report;

use shared::billing::Resources;
use shared::billing::limits::{CALLS_PER_SECOND, Limits};
use shared::billing::read_subscriptions::{self, Page};
use shared::billing::reconcile::{Sweep, stopped_at, sweep};
use shared::db::reconcile_cursors;
use shared::db::subscriptions::{self, Purpose};
use shared::error::Error;
use tokio_postgres::types::Type;

use crate::context::{self, Context, Need};
use crate::organization::{self, OrgRef};
use crate::outcome::Failure as _;
use crate::progress::Progress;
use crate::query;

pub use report::{BackfillReport, CutOff, Drifted, NotCompared};

/// The name under which it keeps how far it got.
const CURSOR: &str = "backfill";

/// Reads subscriptions from Stripe and writes every row that is missing or differs.
///
/// Fills a database for the first time, and repairs one whose events were lost. A row that an event writes
/// meanwhile is never replaced by an older state. Ctrl-C ends it after the page it is at; the same command
/// goes on from there.
#[derive(Clone, Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("which").required(true).args(["org", "all"]),
    after_help = "\
Examples:
  billing backfill --all --dry-run    what differs, without a change; exit status 1 if anything does
  billing backfill --all
  billing backfill --all --rate 5     beside heavy traffic on the same Stripe account
  billing backfill --org 0a4c2f1e-5b7d-4e0a-9a53-2f6d1b9c7e10

Exit status 1 if drift was found in a dry run, something is unexplained or was not repaired, or it was
stopped."
)]
pub struct Args {
    /// Only one organization: its id, or a Stripe customer or subscription of it.
    #[arg(long, value_name = "ORG")]
    pub org: Option<OrgRef>,
    /// All of Stripe's subscriptions.
    #[arg(long)]
    pub all: bool,
    /// Only compare.
    #[arg(long)]
    pub dry_run: bool,
    /// Calls to Stripe in a second, at most.
    #[arg(long, value_name = "N", default_value_t = CALLS_PER_SECOND,
        value_parser = clap::value_parser!(u32).range(1..=100))]
    pub rate: u32,
    /// Begin at the top, even if one was interrupted.
    #[arg(long, conflicts_with_all = ["org", "dry_run"])]
    pub restart: bool,
}

/// Compares, and writes what differs.
///
/// # Errors
/// If Stripe or the database fails before anything was compared; later the report says so. What was written
/// stays; `--all` goes on there.
pub async fn run(args: Args, context: &Context) -> Result<BackfillReport, context::Error> {
    context.require(&[Need::Database, Need::Stripe, Need::Rules])?;
    context.database().await?;
    let (app, limits) = (context.app(), context.limits(args.rate));
    let resources = app.resources();
    let purpose = Purpose { cause: "backfill", grace_days: context.config.grace_days, dry_run: args.dry_run };
    match &args.org {
        Some(org) => one(context, &resources, purpose, org, &limits).await,
        None => all(context, &resources, purpose, args.restart, &limits).await,
    }
}

async fn one(
    context: &Context,
    resources: &Resources<'_>,
    purpose: Purpose<'_>,
    named: &OrgRef,
    limits: &Limits,
) -> Result<BackfillReport, context::Error> {
    let org = organization::find(context.database().await?, named).await?;
    let livemode = context.stripe()?.livemode();
    let inquiry = subscriptions::inquiry(resources.db()?, org.id, livemode).await.map_err(Error::from)?;
    let mut report = BackfillReport::new(purpose.dry_run, livemode);
    let read = read_subscriptions::of_organization(resources, purpose, &inquiry, limits).await?;
    report.add(&read);
    // Rows that the customers' lists do not have: a customer that was deleted at Stripe, or the key of
    // another account.
    for (id, version) in inquiry.versions.iter().filter(|(id, _)| !read.ids.contains(id)) {
        report.add(&read_subscriptions::one(resources, purpose, id, *version, limits).await?);
    }
    report.customers = Some(inquiry.customers);
    Ok(report)
}

async fn all(
    context: &Context,
    resources: &Resources<'_>,
    purpose: Purpose<'_>,
    restart: bool,
    limits: &Limits,
) -> Result<BackfillReport, context::Error> {
    let livemode = context.stripe()?.livemode();
    if restart {
        reconcile_cursors::forget(resources.db()?, CURSOR, livemode).await.map_err(Error::from)?;
    }
    let when = if purpose.dry_run { Sweep::Once } else { Sweep::Resumed(CURSOR) };
    let after = match when {
        Sweep::Once => None,
        _ => stopped_at(resources, CURSOR).await?,
    };
    let mut report = BackfillReport::new(purpose.dry_run, livemode);
    let about = rows_before(context, livemode, after.as_ref().map(|(_, made)| made.as_second())).await?;
    let mut progress = Progress::start(context, "subscriptions", about);
    if let Some((id, _)) = after {
        progress.tell(&format!("Going on after {id}; --restart begins at the top."));
        report.resumed_after = Some(id);
    }
    let swept = sweep(resources, purpose, when, limits, |page: &Page| {
        report.add(page);
        progress.add(page.tally.checked);
    });
    let swept = swept.await.map_err(context::Error::from);
    report.complete = matches!(swept, Ok(true));
    match swept {
        // What was written until then is told with what ended it.
        Err(error) if report.checked > 0 => {
            report.cut_off = Some(CutOff { error: error.to_string(), code: error.code() });
        }
        swept => _ = swept?,
    }
    if let (false, Sweep::Resumed(_)) = (report.complete, when) {
        // Err: the database is gone, which is told already.
        report.stopped_after = stopped_at(resources, CURSOR).await.ok().flatten().map(|(id, _)| id);
    }
    Ok(report)
}

/// How many rows there are to come: Stripe does not say how many subscriptions it has. None: too few to guess
/// by.
async fn rows_before(
    context: &Context,
    livemode: bool,
    second: Option<i64>,
) -> Result<Option<u64>, context::Error> {
    const SQL: &str = "select to_jsonb(count(*)) from billing.subscriptions s
        where s.livemode = $1 and s.stripe_created_at <= coalesce(to_timestamp($2), 'infinity')";
    let second = second.map(|second| second as f64);
    let rows: Option<u64> =
        query::one(context.database().await?, SQL, &[(&livemode, Type::BOOL), (&second, Type::FLOAT8)])
            .await?;
    Ok(rows.filter(|rows| *rows >= 100))
}
