//! `billing products`: the products and prices in Stripe, brought up to date with the table `plans`; and
//! prices at Stripe that sell a plan because an operator says so.

pub mod adopt;
mod carry_over;
mod price;
mod product;
mod report;

use shared::stripe::{self, IdempotencyKey, Stripe};
use stripe_client_core::StripeRequest;
use tokio_postgres::Client;

use crate::catalog::{self, Plan, Price, Wanted};
use crate::context::{self, Context, Need};
use crate::outcome::{Code, Failure, Outcome};

pub use report::{Done, PriceLine, ProductLine, ProductsReport};

/// Creates the products and prices in Stripe, or brings them up to date, from the table `plans`.
///
/// Prices are found by lookup key. One whose amount or currency changed is replaced: the new one takes the
/// lookup key and all that the table says nothing about (metadata, nickname, tax behavior, trial, amounts in
/// other currencies), the old one is archived, and subscriptions on it stay as they are. Run twice, it
/// changes nothing.
#[derive(Clone, Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct CommandLine {
    /// Without a subcommand: all products and prices.
    #[command(flatten)]
    pub args: Args,
    /// What to do to one price.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do to one price.
#[allow(missing_docs)] // What each does stands at its `Args`, which is what `--help` shows.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    Adopt(adopt::Args),
}

impl CommandLine {
    /// Does what the arguments say.
    pub async fn run(self, context: &Context, json: bool) -> Outcome {
        match self.command {
            None => Outcome::of(run(self.args, context).await, json),
            Some(Command::Adopt(args)) => Outcome::of(adopt::run(args, context).await, json),
        }
    }
}

/// What is done to all products and prices.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
#[command(after_help = "\
Examples:
  billing products --dry-run    what would be done
  billing products
  billing products --json | jq '.prices[] | select(.done != \"unchanged\")'
  billing products adopt price_1SXk2LPp --plan pro    a price that somebody made in the Dashboard")]
pub struct Args {
    /// Only say what would be done.
    #[arg(long)]
    pub dry_run: bool,
}

/// Why the products are not up to date: a sentence that says what to do. What was done before is kept.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No configuration, no database, no Stripe.
    #[error(transparent)]
    Context(#[from] context::Error),
    /// The table does not say what to sell.
    #[error("The table plans is empty. Run billing migrate, and write there what is sold.")]
    NoPlans,
    /// Stripe does not know the currency of a plan.
    #[error("The table plans sells {0} in a currency that Stripe does not know. Correct plans.currency.")]
    Currency(String),
}

impl From<stripe::Error> for Error {
    fn from(error: stripe::Error) -> Self {
        Self::Context(error.into())
    }
}

impl Failure for Error {
    fn code(&self) -> Code {
        match self {
            Self::Context(error) => error.code(),
            Self::NoPlans | Self::Currency(_) => Code::Failed,
        }
    }
}

/// Brings Stripe up to date.
///
/// # Errors
/// See [`Error`].
pub async fn run(args: Args, context: &Context) -> Result<ProductsReport, Error> {
    context.require(&[Need::Database, Need::Stripe])?;
    set_up(context.database().await?, context.stripe()?, args.dry_run).await
}

/// The same for whoever has a database and a Stripe already.
///
/// # Errors
/// See [`Error`].
pub async fn set_up(database: &Client, stripe: &Stripe, dry_run: bool) -> Result<ProductsReport, Error> {
    bring_up_to_date(&catalog::plans(database).await?, stripe, dry_run).await
}

/// The same for these plans, whatever the table says.
pub(crate) async fn bring_up_to_date(
    plans: &[Plan],
    stripe: &Stripe,
    dry_run: bool,
) -> Result<ProductsReport, Error> {
    if plans.is_empty() {
        return Err(Error::NoPlans);
    }
    let account = Account { stripe, dry_run };
    let (products, prices) = (product::all(stripe).await?, price::current(stripe, plans).await?);
    let mut report = ProductsReport::new(dry_run, stripe.livemode());
    for plan in plans.iter().filter(|plan| !plan.is_sold_by_id_alone()) {
        let product = product::bring_up_to_date(&account, plan, &products, &prices, &mut report).await?;
        for wanted in &plan.prices {
            let current = prices.iter().find(|price| price.lookup_key.as_ref() == Some(&wanted.lookup_key));
            let line = price::bring_up_to_date(&account, plan, wanted, current, product.as_ref()).await?;
            report.warnings.extend(current.and_then(|old| amounts_left_alone(&line, wanted, old)));
            report.prices.push(line);
        }
    }
    Ok(report)
}

/// What a person should look at after a price was replaced: the table says nothing about other currencies.
fn amounts_left_alone(line: &PriceLine, wanted: &Wanted, old: &Price) -> Option<String> {
    let others: Vec<&str> = carry_over::other_currencies(wanted, old).map(|(currency, _)| currency).collect();
    (line.done == Done::Replaced && !others.is_empty()).then(|| {
        format!(
            "{} keeps its amounts in {}, of which the table plans says nothing. Change them in the Dashboard \
             if they should follow.",
            wanted.lookup_key,
            others.join(" and ")
        )
    })
}

/// The account that is worked on, or only looked at.
struct Account<'a> {
    stripe: &'a Stripe,
    dry_run: bool,
}

impl Account<'_> {
    /// Creates or changes an object under a key that names what is done, so that two runs at once do it once.
    /// None: only looked at.
    async fn post<T: serde::de::DeserializeOwned>(
        &self,
        what: &str,
        request: &impl StripeRequest,
    ) -> Result<Option<T>, stripe::Error> {
        if self.dry_run {
            return Ok(None);
        }
        self.stripe.post(request, &IdempotencyKey::for_request(what, request)).await.map(Some)
    }

    /// Creates an object. Stripe repeats its answer to a key for a day, even if the object was deleted or
    /// changed since: `holds` tells whether it is still what was answered; else it is created under a key of
    /// its own.
    async fn create<T, R>(
        &self,
        what: &str,
        request: &impl StripeRequest,
        read: impl Fn(&T) -> R,
        holds: impl Fn(&T) -> bool,
    ) -> Result<Option<T>, stripe::Error>
    where
        T: serde::de::DeserializeOwned,
        R: StripeRequest,
    {
        let Some(created) = self.post::<T>(what, request).await? else { return Ok(None) };
        match self.stripe.get::<T>(&read(&created)).await {
            Ok(now) if holds(&now) => return Ok(Some(now)),
            Ok(_) => {}
            Err(stripe::Error::Refused { status: 404, .. }) => {}
            Err(error) => return Err(error),
        }
        self.stripe.post(request, &IdempotencyKey::unique()).await.map(Some)
    }
}
