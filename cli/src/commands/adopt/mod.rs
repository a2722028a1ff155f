//! `billing adopt`: the views `billing.organizations` and `billing.members`, written over an application's
//! own tables.

use tokio_postgres::Transaction;

use crate::context::{self, Context, Need};
use crate::outcome::{Code, Failure};

mod filter;
mod find;
mod report;
mod search_path;
mod source;
mod table;
mod views;

pub use report::{Adopted, RoleSeen};
pub use source::Source;
pub use table::TableName;

/// Says whose members there are: reads them from the application's own tables from now on.
///
/// Writes two views and nothing else; the application's tables stay as they are. Run it after `billing
/// migrate`, as a role that may read those tables. Without options it finds the tables itself. It shows what
/// it will do and asks. Run again, it replaces what it did.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_help = "\
Examples:
  billing adopt --dry-run      finds the tables, and says what each member would become
  billing adopt --organizations public.orgs --members public.org_members
  billing adopt --members-where \"is_active and accepted_at is not null\" --buyers owner,billing_manager

Suspended and invited people are no members: name them in --members-where if a column says who they are.
Columns with a usual name (is_active, status, accepted_at, deleted_at, ...) are taken into account without
it.")]
pub struct Args {
    /// The table of organizations: [schema.]table.
    #[arg(long, value_name = "TABLE")]
    pub organizations: Option<TableName>,
    /// Its column with the organization's id, a UUID. Without it, the primary key.
    #[arg(long, value_name = "COLUMN")]
    pub id_column: Option<String>,
    /// Its column with the organization's name. Without it, the first of name, display_name, title, slug.
    #[arg(long, value_name = "COLUMN")]
    pub name_column: Option<String>,
    /// Which rows are organizations that exist: a condition on its columns.
    #[arg(long, value_name = "SQL")]
    pub organizations_where: Option<String>,
    /// The table of members: [schema.]table.
    #[arg(long, value_name = "TABLE")]
    pub members: Option<TableName>,
    /// Its column with the organization's id. Without it, the foreign key to the organizations.
    #[arg(long, value_name = "COLUMN")]
    pub org_column: Option<String>,
    /// Its column with the user's id, a UUID: the `sub` of access tokens. Without it, user_id or the like.
    #[arg(long, value_name = "COLUMN")]
    pub user_column: Option<String>,
    /// Its column with the member's role, text or an enum. Without it, role or the like.
    #[arg(long, value_name = "COLUMN")]
    pub role_column: Option<String>,
    /// Which rows are members now: a condition on its columns.
    #[arg(long, value_name = "SQL")]
    pub members_where: Option<String>,
    /// The roles that may change billing, comma-separated; `owner` among them becomes owner, every other
    /// admin. `*`: everybody.
    #[arg(long, value_name = "ROLES", value_delimiter = ',', default_values = ["owner", "admin"])]
    pub buyers: Vec<String>,
    /// Only say what it would do.
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask.
    #[arg(long)]
    pub yes: bool,
}

/// Why nothing was adopted: a sentence that says what to do. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No configuration, no database, or it refused.
    #[error(transparent)]
    Context(#[from] context::Error),
    /// `billing migrate` did not run.
    #[error("There is no schema billing in this database yet. Run billing migrate first.")]
    NotMigrated,
    /// The application dropped a table or column that they read, and the views with it.
    #[error(
        "The views are gone: the application dropped what they read. Run billing migrate, which makes them \
         again, and then billing adopt."
    )]
    ViewsGone,
    /// The application's tables cannot be used as they are, or as they were named.
    #[error("{0}")]
    Unusable(String),
    /// Nobody is there to be asked.
    #[error(
        "Nothing was changed: there is no terminal to ask at. Say --yes to go on without asking, or \
         --dry-run to only look."
    )]
    NobodyToAsk,
    /// Somebody said no.
    #[error("Nothing was changed.")]
    Declined,
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Context(error.into())
    }
}

impl Failure for Error {
    fn code(&self) -> Code {
        match self {
            Self::Context(error) => error.code(),
            Self::NobodyToAsk => Code::WrongUsage,
            Self::NotMigrated | Self::ViewsGone | Self::Unusable(_) | Self::Declined => Code::Failed,
        }
    }
}

/// Looks, asks, and writes the views.
///
/// # Errors
/// See [`Error`].
pub async fn run(args: Args, context: &Context) -> Result<Adopted, Error> {
    context.require(&[Need::Database])?;
    let mut client = context.connect().await?;
    let transaction = client.transaction().await?;
    search_path::pin(&transaction).await?;
    is_migrated(&transaction).await?;
    let source = source::resolve(&transaction, &args).await?;
    transaction.rollback().await?;
    let seen = views::write(&mut client, &source, false).await?;
    if args.dry_run {
        return Ok(Adopted { dry_run: true, ..seen });
    }
    if !args.yes {
        let answer = (context.ask)(&format!("{seen}\nWrite these two views? Type yes:"));
        match answer.ok_or(Error::NobodyToAsk)?.trim().to_lowercase().as_str() {
            "y" | "yes" => {}
            _ => return Err(Error::Declined),
        }
    }
    views::write(&mut client, &source, true).await
}

/// That both views are there. An application that drops what they read drops them too.
async fn is_migrated(transaction: &Transaction<'_>) -> Result<(), Error> {
    let sql = "select to_regclass('billing.schema_history') is not null,
        to_regclass('billing.organizations') is not null and to_regclass('billing.members') is not null";
    let rows = transaction.query_typed(sql, &[]).await?;
    match rows.first().map(|row| (row.get(0), row.get(1))) {
        Some((true, true)) => Ok(()),
        Some((true, false)) => Err(Error::ViewsGone),
        _ => Err(Error::NotMigrated),
    }
}
