//! `billing products adopt`: a price at Stripe that sells a plan because an operator says so.

mod report;
mod stripe_price;

use serde::Deserialize;
use shared::domain::ids::OrgId;
use shared::stripe;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::commands::catalogue::names;
use crate::commands::grant::whoever_runs_this;
use crate::context::{self, Context, Need};
use crate::organization::Organization;
use crate::outcome::{Code, Done, Failure};
use crate::{query, usage, words};

pub use report::{Adopted, Payer, PlanState, Said};
pub use stripe_price::SoldPrice;

/// Makes a price at Stripe sell a plan, whatever its lookup key and metadata say: whoever pays it has the
/// plan at once.
///
/// It is for prices that somebody made by hand, such as for a deal. Nothing is changed at Stripe. Run twice,
/// it changes nothing. Another --plan takes its place.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  billing products adopt price_1SXk2LPp --plan enterprise --dry-run    who would have it then
  billing products adopt price_1SXk2LPp --plan enterprise
  billing doctor                                        which prices are paid that no plan is known for")]
pub struct Args {
    /// The price's id at Stripe, `price_...`.
    #[arg(value_parser = price_id)]
    pub price: String,
    /// The plan that it sells.
    #[arg(long)]
    pub plan: String,
    /// Who says so. Without it, this machine's user and name.
    #[arg(long, value_name = "NAME", value_parser = usage::said)]
    pub by: Option<String>,
    /// Only say what would be done.
    #[arg(long)]
    pub dry_run: bool,
}

/// A price's id.
pub(in crate::commands) fn price_id(text: &str) -> Result<String, String> {
    let text = text.trim();
    if names::is_price(text) {
        Ok(text.to_owned())
    } else {
        Err("expected a price's id (price_...)".to_owned())
    }
}

/// Why nothing was changed: a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No configuration, no database, no Stripe.
    #[error(transparent)]
    Context(#[from] context::Error),
    /// We sell no such plan.
    #[error("There is no plan {plan}. Give one of {}.", words::listed(.known))]
    UnknownPlan {
        /// What was given.
        plan: String,
        /// The plans there are.
        known: Vec<String>,
    },
    /// Stripe has no such price.
    #[error(
        "Stripe has no price {price} in {mode} mode. Check the id, and that STRIPE_SECRET_KEY is of the \
         account that sells it."
    )]
    UnknownPrice {
        /// What was given.
        price: String,
        /// The key's mode: `live` or `test`.
        mode: &'static str,
    },
    /// The price is of the other mode than the key.
    #[error("{price} is a price of {mode} mode. Set STRIPE_SECRET_KEY to the account's key of that mode.")]
    OtherMode {
        /// The price.
        price: String,
        /// Its mode: `live` or `test`.
        mode: &'static str,
    },
    /// What is paid once can be no plan.
    #[error(
        "{0} is paid once, and a plan is paid again and again. Give a recurring price; a one-time payment \
         sells add-ons by its metadata addon_flags."
    )]
    PaidOnce(String),
    /// It is sold, as another plan.
    #[error(
        "{price} is sold as {plan}, and would be sold as another plan at once. {}",
        match .org {
            None => "Change it in catalogue.toml and run billing catalogue apply.".to_owned(),
            Some(org) => format!("Withdraw the deal first: billing catalogue deal {org} --withdraw."),
        }
    )]
    Sold {
        /// The price.
        price: String,
        /// The plan that it is sold as.
        plan: String,
        /// The organization whose deal it is. None: the catalogue sells it.
        org: Option<OrgId>,
    },
}

impl Failure for Error {
    fn code(&self) -> Code {
        match self {
            Self::Context(error) => error.code(),
            Self::UnknownPlan { .. } => Code::WrongUsage,
            Self::UnknownPrice { .. } | Self::OtherMode { .. } | Self::PaidOnce(_) | Self::Sold { .. } => {
                Code::Failed
            }
        }
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Context(error.into())
    }
}

/// Adopts the price, or tells what would come of it.
///
/// # Errors
/// See [`Error`].
pub async fn run(args: Args, context: &Context) -> Result<Adopted, Error> {
    context.require(&[Need::Database, Need::Stripe])?;
    let client = context.database().await?;
    let plan = plan(client, &args.plan).await?;
    let price = price(context.stripe()?, &args.price).await?;
    is_not_sold(client, &price.id, &plan).await?;
    let by = args.by.unwrap_or_else(whoever_runs_this);
    client.batch_execute("begin").await?;
    let adopted = adopt(client, price, plan, by, args.dry_run).await;
    let keep = adopted.is_ok() && !args.dry_run;
    let ended = client.batch_execute(if keep { "commit" } else { "rollback" }).await;
    let adopted = adopted?;
    ended?;
    Ok(adopted)
}

/// The plan as the database has it, however it was typed.
pub(in crate::commands) async fn plan(client: &Client, typed: &str) -> Result<String, Error> {
    const SQL: &str = "select to_jsonb(p.plan_code) from billing.plans p order by p.rank";
    let known: Vec<String> = query::all(client, SQL, &[]).await?;
    let plan = typed.trim().to_lowercase();
    if known.contains(&plan) { Ok(plan) } else { Err(Error::UnknownPlan { plan: typed.to_owned(), known }) }
}

/// The price as Stripe has it now, if a plan can be sold by it.
pub(in crate::commands) async fn price(stripe: &stripe::Stripe, id: &str) -> Result<SoldPrice, Error> {
    let livemode = stripe.livemode();
    let refused = |error: stripe::Error| match error {
        stripe::Error::Refused { other_mode: true, .. } => {
            Error::OtherMode { price: id.to_owned(), mode: words::mode(!livemode) }
        }
        stripe::Error::Refused { status: 404, .. } => {
            Error::UnknownPrice { price: id.to_owned(), mode: words::mode(livemode) }
        }
        error => Error::Context(error.into()),
    };
    stripe_price::read(stripe, id).await.map_err(refused)?.ok_or_else(|| Error::PaidOnce(id.to_owned()))
}

/// In a transaction that whoever calls it ends.
async fn adopt(
    client: &Client,
    price: SoldPrice,
    plan: String,
    by: String,
    dry_run: bool,
) -> Result<Adopted, Error> {
    let before = said(client, &price.id).await?;
    let had = payers(client, &price).await?;
    const SQL: &str = "select to_jsonb(org) from billing.pf_adopt_price($1, $2, $3) as org";
    let params: query::Params<'_> = &[(&price.id, Type::TEXT), (&plan, Type::TEXT), (&by, Type::TEXT)];
    let changed: Vec<OrgId> = query::all(client, SQL, params).await?;
    let have = payers(client, &price).await?;
    let all = have.len();
    let had = |org: OrgId| had.iter().find(|payer| payer.organization.id == org).map(|p| p.plan.clone());
    let payers: Vec<Payer> = have
        .into_iter()
        .filter(|payer| changed.contains(&payer.organization.id))
        .map(|payer| Payer {
            before: had(payer.organization.id),
            organization: payer.organization,
            subscriptions: payer.subscriptions,
            now: payer.plan,
        })
        .collect();
    let done = match &before {
        None => Done::Created,
        Some(said) if said.plan_code == plan && said.adopted_by.is_some() => Done::Unchanged,
        Some(_) => Done::Updated,
    };
    let unchanged = all - payers.len();
    Ok(Adopted { dry_run, price, plan_code: plan, done, before, organizations: payers, unchanged, by })
}

/// That nobody can buy the price as another plan.
async fn is_not_sold(client: &Client, price: &str, plan: &str) -> Result<(), Error> {
    #[derive(Deserialize)]
    struct Sold {
        plan: String,
        org: Option<OrgId>,
    }
    const SQL: &str = "select jsonb_build_object('plan', p.plan_code, 'org', p.org_id)
        from billing.prices p where p.price_id = $1 and p.sold and p.plan_code <> $2";
    match query::one(client, SQL, &[(&price, Type::TEXT), (&plan, Type::TEXT)]).await? {
        None => Ok(()),
        Some(Sold { plan, org }) => Err(Error::Sold { price: price.to_owned(), plan, org }),
    }
}

/// What was known of the price. None: nothing.
async fn said(client: &Client, price: &str) -> Result<Option<Said>, Error> {
    const SQL: &str = "select jsonb_build_object('plan_code', p.plan_code, 'adopted_by', p.adopted_by)
        from billing.prices p where p.price_id = $1";
    Ok(query::one(client, SQL, &[(&price, Type::TEXT)]).await?)
}

/// An organization with subscriptions at the price, and what it has.
#[derive(Deserialize)]
struct Pays {
    organization: Organization,
    subscriptions: Vec<String>,
    plan: PlanState,
}

async fn payers(client: &Client, price: &SoldPrice) -> Result<Vec<Pays>, Error> {
    const SQL: &str = "
        select jsonb_build_object('subscriptions', paying.subscriptions, 'plan', to_jsonb(p),
          'organization', jsonb_build_object('id', paying.org_id,
            'name', (select nullif(o.name, '') from billing_private.existing_organization(paying.org_id) o)))
        from (
          select s.org_id, array_agg(s.stripe_subscription_id order by s.stripe_created_at) as subscriptions
          from billing.subscriptions s
          where s.items @> jsonb_build_array(jsonb_build_object('price', $1::text))
          group by s.org_id) paying
        cross join lateral billing_private.plan_of(paying.org_id, $2) p
        order by paying.org_id";
    let params: query::Params<'_> = &[(&price.id, Type::TEXT), (&price.livemode, Type::BOOL)];
    Ok(query::all(client, SQL, params).await?)
}
