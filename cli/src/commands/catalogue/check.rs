//! `billing catalogue check`.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use super::effect::Way;
use super::{CatalogueReport, Error, apply};
use crate::context::{Context, Need};
use crate::outcome::Report;

/// Compares the file, the database and Stripe. Changes nothing.
///
/// Exit status 1: they differ.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  billing catalogue check
  billing catalogue check --json | jq .changes")]
pub struct Args {
    /// The file.
    #[arg(default_value = "catalogue.toml")]
    pub file: PathBuf,
}

/// In what they differ: what `apply` would do.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Compared(pub CatalogueReport);

/// Compares them.
///
/// # Errors
/// See [`Error`].
pub async fn run(args: Args, context: &Context) -> Result<Compared, Error> {
    let wanted = super::read(&args.file)?;
    context.require(&[Need::Database, Need::Stripe])?;
    let way = Way { by: "check", dry_run: true, show: false, for_new: false };
    apply::try_out(&wanted, context.database().await?, context.stripe()?, way).await.map(Compared)
}

impl Report for Compared {
    fn is_well(&self) -> bool {
        !self.0.has_changes()
    }
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_well() {
            return f.write_str("The file, the database and Stripe say the same.");
        }
        fmt::Display::fmt(&self.0, f)
    }
}
