//! `billing addon`: what was sold beside plans, and ending it by hand.

mod end;
mod list;

use std::fmt;

use serde::Serialize;

use crate::context::{self, Context};
use crate::outcome::{self, Code, Failure};

pub use end::{AddonEnded, FlagNow};
pub use list::Listed;

/// Lists add-ons, or ends one by hand.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  billing addon list
  billing addon list 0a4c2f1e-5b7d-4e0a-9a53-2f6d1b9c7e10
  billing addon end 0a4c2f1e-5b7d-4e0a-9a53-2f6d1b9c7e10 cs_live_a1YwuJSJ --reason 'ticket 4711'")]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do with add-ons.
#[allow(missing_docs)] // What each does stands at its `Args`, which is what `--help` shows.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    List(list::Args),
    End(end::Args),
}

/// Why it could not be done: a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No configuration, no database, no such organization.
    #[error(transparent)]
    Context(#[from] context::Error),
    /// The organization has no such payment.
    #[error("{organization} has no payment {session}. billing addon list {id} says what it has.")]
    NoPayment {
        /// The organization, as people call it.
        organization: String,
        /// Its id.
        id: String,
        /// What was given.
        session: String,
    },
    /// The payment is another organization's.
    #[error("{session} is a payment of {other}. Nothing was changed.")]
    OfAnother {
        /// What was given.
        session: String,
        /// The organization whose it is.
        other: String,
    },
    /// The payment sold no add-on.
    #[error("{0} sold no add-on, so there is nothing to end. Refunds are made in Stripe's Dashboard.")]
    NoAddOn(String),
    /// The add-on lasts while Stripe says so.
    #[error(
        "{subscription} is a subscription: its add-on lasts while its item does. Remove {item} from it in \
         Stripe's Dashboard; that change is an event, and counts within seconds."
    )]
    Recurring {
        /// The subscription.
        subscription: String,
        /// The item, by its prices.
        item: String,
    },
}

impl Failure for Error {
    fn code(&self) -> Code {
        match self {
            Self::Context(error) => error.code(),
            Self::NoPayment { .. } | Self::OfAnother { .. } | Self::NoAddOn(_) | Self::Recurring { .. } => {
                Code::Failed
            }
        }
    }
}

/// What was found or done.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum AddonReport {
    /// The add-ons there are.
    Listed(Listed),
    /// One that was ended.
    Ended(Box<AddonEnded>),
}

/// Does what the arguments say.
///
/// # Errors
/// See [`Error`].
pub async fn run(args: Args, context: &Context) -> Result<AddonReport, Error> {
    Ok(match args.command {
        Command::List(args) => AddonReport::Listed(list::run(args, context).await?),
        Command::End(args) => AddonReport::Ended(Box::new(end::run(args, context).await?)),
    })
}

impl outcome::Report for AddonReport {}

impl fmt::Display for AddonReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listed(listed) => listed.fmt(f),
            Self::Ended(ended) => ended.fmt(f),
        }
    }
}
