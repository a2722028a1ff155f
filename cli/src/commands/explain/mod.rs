//! `billing explain`: why an organization has what it has, or had.

mod at;
mod facts;
mod reason;
mod screen;
mod sentence;
mod subscription;

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;
use tokio_postgres::types::Type;

use crate::context::{self, Context, Need};
use crate::extra::{self, Filter, Which};
use crate::organization::{self, OrgRef};
use crate::{outcome, query, when};

pub use at::{Row, Then};
pub use facts::{Change, Charge, Customer, Elsewhere, Explanation, Flag, Kept, Plan, Portal};
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
  billing explain cus_T8wqKzMvNPdX2y --at 2026-11-20T12:00Z    what it had then

It reads our database alone: billing backfill --org ORG --dry-run compares that with Stripe.")]
pub struct Args {
    /// The organization: its id (a UUID), or a Stripe customer or subscription of it.
    pub org: OrgRef,
    /// What it had then, and since when and by what: a date, which means its beginning in UTC, or a time.
    #[arg(long, value_name = "DATE", value_parser = when::moment)]
    pub at: Option<Timestamp>,
}

/// What is told.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Told {
    /// Of now.
    Now(Box<Explanation>),
    /// Of a moment that has passed.
    Then(Box<Then>),
}

impl outcome::Report for Told {}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now(explanation) => explanation.fmt(f),
            Self::Then(then) => then.fmt(f),
        }
    }
}

/// Explains.
///
/// # Errors
/// If there is no such organization, or the database fails.
pub async fn run(args: Args, context: &Context) -> Result<Told, context::Error> {
    context.require(&[Need::Database])?;
    let client = context.database().await?;
    let id = organization::find(client, &args.org).await?.id;
    if let Some(at) = args.at {
        let then = at::read(client, id, at).await?;
        let then = then.ok_or_else(|| context::Error::UnknownOrganization(args.org.to_string()))?;
        return Ok(Told::Then(Box::new(then)));
    }
    let org = id.uuid();
    let sql = include_str!("explain.sql");
    let found: Option<Explanation> =
        query::one(client, sql, &[(&org, Type::UUID), (&TOLD, Type::INT8)]).await?;
    let mut explanation = found.ok_or_else(|| context::Error::UnknownOrganization(args.org.to_string()))?;
    let payments = Filter { org: Some(id), which: Which::Payments, ..Filter::default() };
    explanation.payments = extra::read(client, payments, TOLD).await?;
    explanation.sentence = sentence::of(&explanation, context.clock.now());
    Ok(Told::Now(Box::new(explanation)))
}
