//! `billing forget`: what we know of an organization's billing, removed.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use shared::domain::ids::OrgId;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::commands::grant::whoever_runs_this;
use crate::context::{self, Context, Need};
use crate::organization::{self, Organization};
use crate::outcome::{self, Code, Failure};
use crate::{query, usage};

/// Removes an organization's billing data: customers, subscriptions, payments, entitlements, events and audit
/// trail.
///
/// The organization and its members stay, which are the application's, and so does everything at Stripe. One
/// row of the audit trail says that it was done, by whom and when, with a hash of the organization's id.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  billing forget 0a4c2f1e-5b7d-4e0a-9a53-2f6d1b9c7e10    asks for the id once more
  billing forget 0a4c2f1e-5b7d-4e0a-9a53-2f6d1b9c7e10 --yes-forget 0a4c2f1e-5b7d-4e0a-9a53-2f6d1b9c7e10

First cancel its subscriptions at Stripe: while one is live, the next event would bring its rows back.")]
pub struct Args {
    /// The organization's id (a UUID).
    #[arg(value_parser = id)]
    pub org: OrgId,
    /// The same id once more: nobody is asked then.
    #[arg(long, value_name = "ORG", value_parser = id)]
    pub yes_forget: Option<OrgId>,
    /// Do it while a subscription is live, whose next event brings its rows back.
    #[arg(long)]
    pub even_with_live_subscription: bool,
    /// Who does it. Without it, this machine's user and name.
    #[arg(long, value_name = "NAME", value_parser = usage::said)]
    pub by: Option<String>,
}

/// Why nothing was removed: a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No configuration, no database, no such organization.
    #[error(transparent)]
    Context(#[from] context::Error),
    /// Nobody is there to be asked.
    #[error(
        "Nothing was removed: there is no terminal to ask at. Say --yes-forget {0} to go on without asking."
    )]
    NobodyToAsk(OrgId),
    /// The id was not repeated.
    #[error("Nothing was removed: that is not the organization's id. Type {0}, or say --yes-forget {0}.")]
    NotConfirmed(OrgId),
    /// It pays.
    #[error(
        "Nothing was removed: {} is live, and its next event would bring the rows back. Cancel it at Stripe \
         first, or say --even-with-live-subscription.",
        .0.join(", ")
    )]
    Live(Vec<String>),
}

impl Failure for Error {
    fn code(&self) -> Code {
        match self {
            Self::Context(error) => error.code(),
            Self::NobodyToAsk(_) | Self::NotConfirmed(_) => Code::WrongUsage,
            Self::Live(_) => Code::Failed,
        }
    }
}

/// Neither a customer nor a subscription: it is too easy to name another organization's.
fn id(text: &str) -> Result<OrgId, &'static str> {
    text.trim().parse().map_err(|_| "expected the organization's id, a UUID")
}

/// What was removed, and what stays at Stripe.
#[derive(Clone, Debug, Serialize)]
pub struct Forgotten {
    /// The organization whose rows they were.
    pub organization: Organization,
    /// Whether the application still has it.
    pub exists: bool,
    /// How many rows were removed, by table.
    pub removed: BTreeMap<String, i64>,
    /// What there still is at Stripe: its customers' ids.
    pub customers_at_stripe: Vec<String>,
    /// And its subscriptions' ids.
    pub subscriptions_at_stripe: Vec<String>,
    /// Of them those that were live.
    pub live: Vec<String>,
    /// Who did it: `--by`, or this machine's user and name.
    pub by: String,
}

#[derive(Deserialize)]
struct Stripe {
    customers: Vec<String>,
    subscriptions: Vec<String>,
}

#[derive(Deserialize)]
struct Removal {
    live: Vec<String>,
    removed: Option<BTreeMap<String, i64>>,
}

/// Removes it.
///
/// # Errors
/// See [`Error`].
pub async fn run(args: Args, context: &Context) -> Result<Forgotten, Error> {
    context.require(&[Need::Database])?;
    let client = context.database().await?;
    let (organization, exists) = organization::find_even_gone(client, args.org).await?;
    confirm(&args, &organization, context)?;
    let stripe = at_stripe(client, args.org).await?;
    let by = args.by.unwrap_or_else(whoever_runs_this);
    const SQL: &str = "select billing.pf_forget_organization($1, $2, $3)";
    let org = args.org.uuid();
    let params: query::Params<'_> =
        &[(&org, Type::UUID), (&args.even_with_live_subscription, Type::BOOL), (&by, Type::TEXT)];
    let removal: Option<Removal> = query::one(client, SQL, params).await?;
    let Some(Removal { live, removed: Some(removed) }) = removal else {
        return Err(Error::Live(removal.map(|removal| removal.live).unwrap_or_default()));
    };
    let Stripe { customers, subscriptions } = stripe;
    Ok(Forgotten {
        organization,
        exists,
        removed,
        customers_at_stripe: customers,
        subscriptions_at_stripe: subscriptions,
        live,
        by,
    })
}

/// The id, given once more by whoever is sure.
fn confirm(args: &Args, organization: &Organization, context: &Context) -> Result<(), Error> {
    let again = match args.yes_forget {
        Some(id) => Some(id),
        None => {
            let question =
                format!("This removes the billing data of {organization} for good. Type its id to go on:");
            (context.ask)(&question).ok_or(Error::NobodyToAsk(args.org))?.parse().ok()
        }
    };
    if again == Some(args.org) { Ok(()) } else { Err(Error::NotConfirmed(args.org)) }
}

async fn at_stripe(client: &Client, org: OrgId) -> Result<Stripe, context::Error> {
    const SQL: &str = "select jsonb_build_object(
        'customers', (select coalesce(jsonb_agg(id order by id), '[]') from (
          select c.stripe_customer_id as id from billing.customers c where c.org_id = $1
          union select s.stripe_customer_id from billing.subscriptions s where s.org_id = $1) customers),
        'subscriptions', (select coalesce(jsonb_agg(s.stripe_subscription_id order by s.stripe_created_at),
          '[]')
          from billing.subscriptions s where s.org_id = $1))";
    let found = query::one(client, SQL, &[(&org.uuid(), Type::UUID)]).await?;
    Ok(found.unwrap_or(Stripe { customers: Vec::new(), subscriptions: Vec::new() }))
}

impl outcome::Report for Forgotten {}

impl fmt::Display for Forgotten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts: Vec<String> =
            self.removed.iter().map(|(table, rows)| format!("{rows} {}", table.replace('_', " "))).collect();
        writeln!(f, "Removed of {}: {}.", self.organization, counts.join(", "))?;
        write!(
            f,
            "{}",
            if self.exists {
                "The organization and its members stay: they are the application's."
            } else {
                "The application has no such organization any more."
            }
        )?;
        if self.customers_at_stripe.is_empty() {
            return Ok(());
        }
        write!(
            f,
            "\nAt Stripe stay {} with {} subscriptions and all invoices. To erase the person there, delete \
             the customer in its Dashboard: that ends what is live; invoices stay, as the law asks.",
            self.customers_at_stripe.join(", "),
            self.subscriptions_at_stripe.len()
        )?;
        if !self.live.is_empty() {
            write!(
                f,
                "\n{} is live: its next event brings its row back. Cancel it at Stripe, then forget once \
                 more.",
                self.live.join(", ")
            )?;
        }
        Ok(())
    }
}
