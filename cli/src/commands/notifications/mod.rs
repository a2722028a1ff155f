//! `billing notifications`: what the application is told when access changes, and telling it again.

mod list;
mod replay;

use std::fmt;

use serde::Serialize;

use crate::context::{self, Context};
use crate::outcome::{self, Code, Failure};

pub use list::{Listed, NotificationRow};
pub use replay::Replayed;

/// Lists what the application is told when access changes, or has it told again.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  billing notifications list --waiting
  billing notifications replay --since 24h    after the receiver lost some")]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do with notifications.
#[allow(missing_docs)] // What each does stands at its `Args`, which is what `--help` shows.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    List(list::Args),
    Replay(replay::Args),
}

/// The arguments of each.
pub mod args {
    pub use super::list::Args as List;
    pub use super::replay::Args as Replay;
}

/// Why it could not be done: a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No configuration, no database, no such organization.
    #[error(transparent)]
    Context(#[from] context::Error),
}

impl Failure for Error {
    fn code(&self) -> Code {
        match self {
            Self::Context(error) => error.code(),
        }
    }
}

/// What was found or done.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum NotificationsReport {
    /// Notifications as we have them.
    Listed(Listed),
    /// Organizations that are told about again.
    Replayed(Replayed),
}

/// Does what the arguments say.
///
/// # Errors
/// See [`Error`].
pub async fn run(args: Args, context: &Context) -> Result<NotificationsReport, Error> {
    Ok(match args.command {
        Command::List(args) => NotificationsReport::Listed(list::run(args, context).await?),
        Command::Replay(args) => NotificationsReport::Replayed(replay::run(args, context).await?),
    })
}

impl outcome::Report for NotificationsReport {
    fn is_well(&self) -> bool {
        match self {
            Self::Listed(_) => true,
            Self::Replayed(replayed) => replayed.unknown.is_empty(),
        }
    }
}

impl fmt::Display for NotificationsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listed(listed) => listed.fmt(f),
            Self::Replayed(replayed) => replayed.fmt(f),
        }
    }
}
