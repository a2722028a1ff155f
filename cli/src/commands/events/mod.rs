//! `billing events`: what came of Stripe's events, and putting them through once more.

mod list;
mod replay;
mod row;
mod show;

use std::fmt;

use serde::Serialize;
use shared::{error, stripe};

use crate::context::{self, Context};
use crate::outcome::{self, Code, Failure};

pub use list::Listed;
pub use replay::{Line, Replayed};
pub use row::EventRow;
pub use show::{AtStripe, Shown};

/// Lists Stripe's events as we have them, shows one, or puts some through once more.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  billing events list --failed
  billing events show evt_1SXk2LPp
  billing events replay --failed --dry-run
  billing events replay --since 24h      after an outage of the webhook function")]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do with events.
#[allow(missing_docs)] // What each does stands at its `Args`, which is what `--help` shows.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    List(list::Args),
    Show(show::Args),
    Replay(replay::Args),
}

/// The arguments of each.
pub mod args {
    pub use super::list::Args as List;
    pub use super::replay::Args as Replay;
    pub use super::show::Args as Show;
}

/// Why it could not be done: a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No configuration, no database, no Stripe.
    #[error(transparent)]
    Context(#[from] context::Error),
    /// Neither we nor Stripe have the event.
    #[error(
        "No event {0}: it never came here, and Stripe has none of this id or has it no more. Check the id, \
         and that STRIPE_SECRET_KEY is of the event's account and mode."
    )]
    Unknown(String),
}

impl From<stripe::Error> for Error {
    fn from(error: stripe::Error) -> Self {
        Self::Context(error.into())
    }
}

impl From<error::Error> for Error {
    fn from(error: error::Error) -> Self {
        Self::Context(error.into())
    }
}

impl Failure for Error {
    fn code(&self) -> Code {
        match self {
            Self::Context(error) => error.code(),
            Self::Unknown(_) => Code::Failed,
        }
    }
}

/// What was found or done.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum EventsReport {
    /// Events as we have them.
    Listed(Listed),
    /// One of them.
    Shown(Box<Shown>),
    /// Events that were put through once more.
    Replayed(Replayed),
}

/// Does what the arguments say.
///
/// # Errors
/// See [`Error`].
pub async fn run(args: Args, context: &Context) -> Result<EventsReport, Error> {
    Ok(match args.command {
        Command::List(args) => EventsReport::Listed(list::run(args, context).await?),
        Command::Show(args) => EventsReport::Shown(Box::new(show::run(args, context).await?)),
        Command::Replay(args) => EventsReport::Replayed(replay::run(args, context).await?),
    })
}

impl outcome::Report for EventsReport {
    fn is_well(&self) -> bool {
        match self {
            Self::Listed(_) | Self::Shown(_) => true,
            Self::Replayed(replayed) => replayed.is_well(),
        }
    }
}

impl fmt::Display for EventsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listed(listed) => listed.fmt(f),
            Self::Shown(shown) => shown.fmt(f),
            Self::Replayed(replayed) => replayed.fmt(f),
        }
    }
}
