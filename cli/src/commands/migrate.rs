//! `billing migrate`: applies the pending migrations, under a lock, and names them.

use std::fmt;

use serde::Serialize;

use crate::context::{self, Context};
use crate::outcome::{Code, Failure, Report};

/// Brings the database at DATABASE_URL to this version's schema.
///
/// Several at once are safe: one works, the others wait. Needs the database's direct address, not a pooler in
/// transaction mode, and a login that may create roles and schemas.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
#[command(after_help = "\
Examples:
  DATABASE_URL=postgres://postgres:...@db.example.com/postgres billing migrate
  billing migrate --check      in a pipeline, before a deployment: exit status 1 if migrations are pending
  billing migrate --dry-run    what would be applied")]
pub struct Args {
    /// Only look: list what is pending and exit with 1 if anything is.
    #[arg(long, conflicts_with = "dry_run")]
    pub check: bool,
    /// Only list what would be applied.
    #[arg(long)]
    pub dry_run: bool,
}

/// What was applied, or is pending.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Migrations {
    /// The schema's version now; 0 before the first migration.
    pub version: i64,
    /// Applied by this run, in order: `tables/V1__schemas_and_roles`, `functions/pf_apply_event`, ...
    pub applied: Vec<&'static str>,
    /// Not applied, in the order in which they will be.
    pub pending: Vec<&'static str>,
    /// What applying them changes outside the schemas `billing` and `billing_private`, one sentence each.
    pub outside: Vec<String>,
    #[serde(skip)]
    is_check: bool,
}

/// Why the schema was not brought up to date: a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No configuration or no database.
    #[error(transparent)]
    Context(#[from] context::Error),
    /// A file failed, or the database is not one that we may change; nothing was.
    #[error("Not migrated: {0}.")]
    Migration(#[from] migrations::Error),
}

impl Failure for Error {
    fn code(&self) -> Code {
        match self {
            Self::Context(error) => error.code(),
            Self::Migration(migrations::Error::Database(error)) if error.is_closed() => {
                Code::DatabaseUnreachable
            }
            Self::Migration(_) => Code::Failed,
        }
    }
}

/// Applies what is pending, or lists it.
///
/// # Errors
/// See [`Error`].
pub async fn run(args: Args, context: &Context) -> Result<Migrations, Error> {
    let mut client = context.connect().await?;
    let pending = migrations::pending(&client).await?;
    let latest = migrations::latest_version();
    let outside = if pending.is_empty() {
        Vec::new()
    } else {
        migrations::outside(&client).await.map_err(Error::from)?
    };
    if args.check || args.dry_run || pending.is_empty() {
        let missing = pending.iter().filter(|name| name.starts_with("tables/")).count();
        let version = latest - i64::try_from(missing).unwrap_or_default();
        return Ok(Migrations { version, applied: Vec::new(), pending, outside, is_check: args.check });
    }
    let other = context.connect().await?;
    if !migrations::belongs_to(&client, &other).await? {
        return Err(migrations::Error::Pooler.into());
    }
    let applied = migrations::run(&mut client).await?;
    Ok(Migrations { version: latest, applied, pending: Vec::new(), outside, is_check: false })
}

impl Report for Migrations {
    fn is_well(&self) -> bool {
        !self.is_check || self.pending.is_empty()
    }
}

impl fmt::Display for Migrations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(f, "applied", &self.applied)?;
        list(f, "pending", &self.pending)?;
        for what in &self.outside {
            writeln!(f, "outside  {what}")?;
        }
        match (self.applied.is_empty(), self.pending.is_empty()) {
            (true, true) => write!(f, "Up to date: version {}.", self.version),
            (_, true) => write!(
                f,
                "Version {}. Nothing else outside the schemas billing and billing_private.",
                self.version
            ),
            _ => write!(
                f,
                "Nothing was changed. Run billing migrate to apply what is pending: it changes nothing else \
                 outside the schemas billing and billing_private."
            ),
        }
    }
}

/// One line for each migration, and one for each kind of definition.
fn list(f: &mut fmt::Formatter<'_>, what: &str, names: &[&str]) -> fmt::Result {
    for name in names.iter().filter(|name| name.starts_with("tables/")) {
        writeln!(f, "{what}  {name}")?;
    }
    for folder in ["functions", "views", "policies"] {
        let of_folder: Vec<&str> =
            names.iter().filter_map(|name| name.strip_prefix(folder)?.strip_prefix('/')).collect();
        match of_folder.as_slice() {
            [] => {}
            few @ ([_] | [_, _] | [_, _, _]) => writeln!(f, "{what}  {folder}: {}", few.join(", "))?,
            many => writeln!(f, "{what}  {folder}: {}", many.len())?,
        }
    }
    Ok(())
}
