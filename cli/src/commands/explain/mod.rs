//! `billing explain`: why an organization has what it has.

mod facts;
mod reason;
mod screen;
mod sentence;
mod subscription;

use tokio_postgres::types::Type;

use crate::context::{self, Context, Need};
use crate::extra::{self, Filter, Which};
use crate::organization::{self, OrgRef};
use crate::query;

pub use facts::{Change, Charge, Customer, Elsewhere, Explanation, Flag, Plan, Portal};
pub use subscription::{Item, Subscription};

/// Payments, charges, changes and events that are told.
const TOLD: i64 = 8;

/// Says why an organization has what it has: its plan, subscriptions and flags, and the last changes and
/// events behind them.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  billing explain 0a4c2f1e-5b7d-4e0a-9a53-2f6d1b9c7e10
  billing explain cus_T8wqKzMvNPdX2y
  billing explain sub_1SXk2LPp --json | jq .flags

It reads our database alone: billing backfill --org ORG --dry-run compares that with Stripe.")]
pub struct Args {
    /// The organization: its id (a UUID), or a Stripe customer or subscription of it.
    pub org: OrgRef,
}

/// Explains.
///
/// # Errors
/// If there is no such organization, or the database fails.
pub async fn run(args: Args, context: &Context) -> Result<Explanation, context::Error> {
    context.require(&[Need::Database])?;
    let client = context.database().await?;
    let id = organization::find(client, &args.org).await?.id;
    let org = id.uuid();
    let sql = include_str!("explain.sql");
    let found: Option<Explanation> =
        query::one(client, sql, &[(&org, Type::UUID), (&TOLD, Type::INT8)]).await?;
    let mut explanation = found.ok_or_else(|| context::Error::UnknownOrganization(args.org.to_string()))?;
    let payments = Filter { org: Some(id), which: Which::Payments, ..Filter::default() };
    explanation.payments = extra::read(client, payments, TOLD).await?;
    explanation.sentence = sentence::of(&explanation, context.clock.now());
    Ok(explanation)
}
