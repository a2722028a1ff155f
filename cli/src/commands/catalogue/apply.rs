//! `billing catalogue apply`.

use std::path::{Path, PathBuf};

use shared::stripe::Stripe;
use tokio_postgres::Client;

use super::effect::{self, Way};
use super::{Catalogue, CatalogueReport, Error, StripeReport, stripe};
use crate::commands::grant::whoever_runs_this;
use crate::commands::products;
use crate::context::{Context, Need};
use crate::usage;

/// Brings the database and Stripe to what the file says: plans, flags, prices, the portal.
///
/// The database itself says what every organization gains and loses: it makes the change, compares, and with
/// --dry-run rolls it back. Each change is kept in the audit trail with who made it. Run twice, it changes
/// nothing.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Exit status 3: a dry run, and somebody would lose something.

Examples:
  billing catalogue apply --dry-run
  billing catalogue apply --dry-run --show --json | jq '.effects[] | select(.effect == \"loses\")'
  billing catalogue apply plans-of-next-year.toml --by ada
  billing catalogue apply --for new    who bought before keeps what they had")]
pub struct Args {
    /// The file.
    #[arg(default_value = "catalogue.toml")]
    pub file: PathBuf,
    /// Only say what would be done, and what every organization would gain and lose.
    #[arg(long)]
    pub dry_run: bool,
    /// With the ids of the organizations.
    #[arg(long)]
    pub show: bool,
    /// Whom the plans' flags and seats change for. With `new`, whoever has bought a plan keeps what it had,
    /// until its subscription is moved to another plan.
    #[arg(long = "for", value_name = "WHOM", value_enum, default_value_t = Whom::Everybody)]
    pub whom: Whom,
    /// Who does it: kept in the audit trail. Without it, this machine's user and name.
    #[arg(long, value_name = "NAME", value_parser = usage::said)]
    pub by: Option<String>,
}

/// Whom a change is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Whom {
    /// It counts at once, whoever has the plan.
    Everybody,
    /// It counts for those who buy from now on.
    New,
}

/// Applies the file, or says what it would do.
///
/// # Errors
/// See [`Error`].
pub async fn run(args: Args, context: &Context) -> Result<CatalogueReport, Error> {
    let wanted = super::read(&args.file)?;
    context.require(&[Need::Database, Need::Stripe])?;
    let (database, stripe) = (context.database().await?, context.stripe()?);
    let by = args.by.unwrap_or_else(whoever_runs_this);
    let way = Way { by: &by, dry_run: args.dry_run, show: args.show, for_new: args.whom == Whom::New };
    match args.dry_run {
        true => try_out(&wanted, database, stripe, way).await,
        false => bring_up_to_date(&wanted, database, stripe, way).await,
    }
}

/// Says what would be done.
pub(super) async fn try_out(
    wanted: &Catalogue,
    database: &Client,
    stripe: &Stripe,
    way: Way<'_>,
) -> Result<CatalogueReport, Error> {
    let effects = effect::in_database(database, wanted, way).await?;
    let done = stripe::preview(stripe, wanted, &effects.before).await?;
    Ok(CatalogueReport::new(effects, done, way))
}

/// Applies a file for whoever has a database and a Stripe already. `by`: who does it.
///
/// # Errors
/// See [`Error`].
pub async fn set_up(file: &Path, database: &Client, stripe: &Stripe, by: &str) -> Result<(), Error> {
    let way = Way { by, dry_run: false, show: false, for_new: false };
    bring_up_to_date(&super::read(file)?, database, stripe, way).await.map(|_| ())
}

/// The database checks the file before anything is done. Then a price is made before a plan is sold by it,
/// and archived after it no longer is. Run again after a failure, it does what is missing.
async fn bring_up_to_date(
    wanted: &Catalogue,
    database: &Client,
    stripe: &Stripe,
    way: Way<'_>,
) -> Result<CatalogueReport, Error> {
    effect::in_database(database, wanted, Way { dry_run: true, ..way }).await?;
    stripe::listed(stripe, wanted).await?;
    let products = products::bring_up_to_date(&wanted.sold(), stripe, false).await?;
    let effects = effect::in_database(database, wanted, way).await?;
    let archived = stripe::archive(stripe, wanted, &effects.before, false).await?;
    let portal = Some(stripe::portal(stripe, wanted, false).await?);
    Ok(CatalogueReport::new(effects, StripeReport { products, archived, portal }, way))
}
