//! `billing addon end`.

use std::fmt;

use serde::Serialize;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::Error;
use crate::commands::grant::{FlagState, state, whoever_runs_this};
use crate::context::{Context, Need};
use crate::extra::{self, Extra, Filter, Kind};
use crate::organization::{self, OrgRef, Organization};
use crate::outcome::Done;
use crate::{query, table, usage, words};

/// Ends the add-on of a one-time payment, at once and for good.
///
/// It is kept in the audit trail with who did it and why. Money is given back in Stripe's Dashboard, and a
/// full refund ends the add-on by itself.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  billing addon end 0a4c2f1e-5b7d-4e0a-9a53-2f6d1b9c7e10 cs_live_a1YwuJSJ --reason 'ticket 4711'
  billing addon list 0a4c2f1e-5b7d-4e0a-9a53-2f6d1b9c7e10    what the organization has")]
pub struct Args {
    /// The organization: its id (a UUID), or a Stripe customer or subscription of it.
    pub org: OrgRef,
    /// The payment's checkout session at Stripe, `cs_...`.
    #[arg(value_parser = usage::said)]
    pub session: String,
    /// Why: kept in the audit trail.
    #[arg(long, value_name = "TEXT", value_parser = usage::said)]
    pub reason: String,
    /// Who does it. Without it, this machine's user and name.
    #[arg(long, value_name = "NAME", value_parser = usage::said)]
    pub by: Option<String>,
}

/// An add-on that was ended.
#[derive(Clone, Debug, Serialize)]
pub struct AddonEnded {
    /// Whose it was.
    pub organization: Organization,
    /// The payment that sold it, as it is now.
    pub payment: Extra,
    /// `updated`, or `unchanged` if it was ended before.
    pub done: Done,
    /// Its flags as they are now: a plan may have them too.
    pub flags: Vec<FlagNow>,
    /// Who did it: `--by`, or this machine's user and name. Whoever ended it before, if it was.
    pub by: String,
    /// Why, as `--reason` said.
    pub reason: String,
}

/// A flag as it is now.
#[derive(Clone, Debug, Serialize)]
pub struct FlagNow {
    /// The flag's name.
    pub feature: String,
    /// Whether it is on, and by what.
    #[serde(flatten)]
    pub state: FlagState,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<AddonEnded, Error> {
    context.require(&[Need::Database])?;
    let client = context.database().await?;
    let organization = organization::find(client, &args.org).await?;
    let session = args.session.trim();
    let sold = sold_by(client, &organization, session).await?;
    let by = args.by.unwrap_or_else(whoever_runs_this);
    const SQL: &str = "select to_jsonb(billing.pf_end_addon($1, $2, $3, $4))";
    let params: query::Params<'_> = &[
        (&organization.id.uuid(), Type::UUID),
        (&session, Type::TEXT),
        (&by, Type::TEXT),
        (&args.reason, Type::TEXT),
    ];
    let is_ended: Option<bool> = query::one(client, SQL, params).await?;
    let done = if is_ended == Some(true) { Done::Updated } else { Done::Unchanged };
    let payment = extra_of(client, session).await?.unwrap_or(sold);
    let mut flags = Vec::new();
    for feature in &payment.features {
        // A flag that has left the catalogue since has no state.
        if let Some(state) = state(client, &organization, feature).await? {
            flags.push(FlagNow { feature: feature.clone(), state });
        }
    }
    let by = payment.ended_by.clone().unwrap_or(by);
    Ok(AddonEnded { organization, payment, done, flags, by, reason: args.reason })
}

/// The payment, if it is the organization's and sold an add-on.
async fn sold_by(client: &Client, organization: &Organization, session: &str) -> Result<Extra, Error> {
    let sold = extra_of(client, session).await?;
    if session.starts_with("sub_") {
        let prices = sold.map(|sold| sold.prices).unwrap_or_default();
        let item = match prices.as_slice() {
            [] => "that item".to_owned(),
            prices => format!("the item of {}", words::listed(prices)),
        };
        return Err(Error::Recurring { subscription: session.to_owned(), item });
    }
    let unknown = || Error::NoPayment {
        organization: organization.short(),
        id: organization.id.to_string(),
        session: session.to_owned(),
    };
    let sold = sold.filter(|sold| sold.kind == Kind::Payment).ok_or_else(unknown)?;
    if sold.organization.id != organization.id {
        let other = sold.organization.to_string();
        return Err(Error::OfAnother { session: session.to_owned(), other });
    }
    if sold.state.is_none() {
        return Err(Error::NoAddOn(session.to_owned()));
    }
    Ok(sold)
}

async fn extra_of(client: &Client, session: &str) -> Result<Option<Extra>, Error> {
    let filter = Filter { source: Some(session), ..Filter::default() };
    Ok(extra::read(client, filter, 1).await?.pop())
}

impl fmt::Display for AddonEnded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (session, by) = (&self.payment.source, &self.by);
        if self.done == Done::Unchanged {
            return write!(f, "The add-on of {session} was ended before, by {by}. Nothing was changed.");
        }
        writeln!(f, "The add-on of {session} of {} has ended.", self.organization)?;
        let rows: Vec<_> =
            self.flags.iter().map(|flag| [format!("  {}", flag.feature), flag.state.to_string()]).collect();
        table::write(f, &rows)?;
        write!(f, "By {by}: {}", self.reason)
    }
}
