//! `billing catalogue`: plans, flags, prices and seats as one file.

pub mod apply;
pub mod check;
pub mod deal;
mod effect;
mod file;
pub(in crate::commands) mod names;
pub mod pull;
mod report;
mod stripe;
pub mod types;

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use shared::domain::plan::Interval;

use crate::catalog::listed::Listed;
use crate::catalog::{self, Wanted};
use crate::commands::{portal_configuration, products};
use crate::context::{self, Context};
use crate::outcome::{Code, Failure, Outcome};

pub use effect::{Change, Effect, Effects};
pub use file::{parse, read};
pub use report::{Archived, CatalogueReport};
pub use stripe::StripeReport;

/// Brings the database and Stripe to what catalogue.toml says: plans, flags, prices, seats.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  billing catalogue apply --dry-run         who would gain or lose what, and what would be done at Stripe
  billing catalogue apply
  billing catalogue check                   whether file, database and Stripe say the same
  billing catalogue pull > catalogue.toml   a file of what there is
  billing catalogue types > entitlements.ts  its words as types
  billing catalogue deal ORG --price price_1SXk2LPp --plan enterprise    a price for one organization")]
pub struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do with the catalogue.
#[allow(missing_docs)] // What each does stands at its `Args`, which is what `--help` shows.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    Apply(apply::Args),
    Check(check::Args),
    Deal(deal::Args),
    Pull(pull::Args),
    Types(types::Args),
}

impl CommandLine {
    /// Does what the arguments say.
    pub async fn run(self, context: &Context, json: bool) -> Outcome {
        match self.command {
            Command::Apply(args) => Outcome::of(apply::run(args, context).await, json),
            Command::Check(args) => Outcome::of(check::run(args, context).await, json),
            Command::Deal(args) => Outcome::of(deal::run(args, context).await, json),
            Command::Pull(args) => Outcome::of(pull::run(args, context).await, json),
            Command::Types(args) => Outcome::of(types::run(args, context).await, json),
        }
    }
}

/// What is sold, as `billing_private.catalogue` has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Catalogue {
    /// By code.
    pub plans: BTreeMap<String, Plan>,
    /// Every flag there is, with a line for people; empty: there is none.
    pub flags: BTreeMap<String, String>,
}

/// A plan. Of several the one with the highest rank counts.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Plan {
    /// What customers read.
    pub name: String,
    /// One line for people. Empty: there is none.
    pub description: String,
    /// 0: the plan that everybody has.
    pub rank: i16,
    /// Seats that it includes.
    pub seats: i32,
    /// Further seats may be bought in the portal.
    pub more_seats: bool,
    /// Of its prices: three letters, lower case.
    pub currency: String,
    /// Its price by the month, in the currency's smallest unit. None: it is not sold by it.
    pub month: Option<i32>,
    /// The same by the year.
    pub year: Option<i32>,
    /// Its prices' lookup keys begin so; an underscore and the interval follow.
    pub lookup_key: String,
    /// Prices that Stripe has already, by their ids.
    #[serde(default)]
    pub prices: BTreeMap<String, Listed>,
    /// Every flag there is, on or off.
    pub flags: BTreeMap<String, bool>,
}

impl Plan {
    /// Those that are made at Stripe, with a lookup key of ours.
    fn made(&self) -> Vec<Wanted> {
        let price = |(interval, amount): (Interval, Option<i32>)| {
            Some(Wanted {
                lookup_key: format!("{}_{interval}", self.lookup_key),
                interval,
                unit_amount: i64::from(amount?),
                currency: self.currency.clone(),
            })
        };
        [(Interval::Month, self.month), (Interval::Year, self.year)].into_iter().filter_map(price).collect()
    }
}

impl Catalogue {
    /// The plans as they shall be sold at Stripe, lowest rank first.
    fn sold(&self) -> Vec<catalog::Plan> {
        let mut plans: Vec<_> = self.plans.iter().collect();
        plans.sort_by_key(|(_, plan)| plan.rank);
        let sold = |(code, plan): (&String, &Plan)| {
            // The file and the database have no other codes.
            let code = code.parse().ok()?;
            let (name, more_seats) = (plan.name.clone(), plan.more_seats);
            let listed = plan.prices.clone().into_iter().collect();
            Some(catalog::Plan { code, name, more_seats, prices: plan.made(), listed })
        };
        plans.into_iter().filter_map(sold).collect()
    }

    /// The lookup keys of all prices that are sold by one, and of which plan.
    fn keys(&self) -> HashMap<String, String> {
        let keys = |(code, plan): (&String, &Plan)| {
            plan.made().into_iter().map(|price| (price.lookup_key, code.clone())).collect::<Vec<_>>()
        };
        self.plans.iter().flat_map(keys).collect()
    }
}

/// Why it could not be done: a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No configuration, no database, no Stripe.
    #[error(transparent)]
    Context(#[from] context::Error),
    /// The file cannot be read.
    #[error("{0} cannot be read: {1}.")]
    NoFile(String, std::io::Error),
    /// What the file says cannot be: each with its line and field.
    #[error("{}", .0.join(" "))]
    Wrong(Vec<String>),
    /// The database would not have it.
    #[error("The database refuses the catalogue: {0}.")]
    Refused(String),
    /// Prices that Stripe is said to have already are something else there: each in a sentence.
    #[error("{}", .0.join(" "))]
    Listed(Vec<String>),
    /// The products or prices cannot be brought up to date.
    #[error(transparent)]
    Products(#[from] products::Error),
    /// The portal cannot.
    #[error(transparent)]
    Portal(#[from] portal_configuration::Error),
}

impl From<shared::stripe::Error> for Error {
    fn from(error: shared::stripe::Error) -> Self {
        Self::Context(error.into())
    }
}

impl From<tokio_postgres::Error> for Error {
    /// A constraint that does not hold, or a rule of the function's own, is about what the file says.
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(said) if ["23", "22"].iter().any(|class| said.code().code().starts_with(class)) => {
                Self::Refused(said.message().to_owned())
            }
            _ => Self::Context(error.into()),
        }
    }
}

impl Failure for Error {
    fn code(&self) -> Code {
        match self {
            Self::Context(error) => error.code(),
            Self::NoFile(..) | Self::Wrong(_) => Code::WrongUsage,
            Self::Refused(_) => Code::DatabaseRefused,
            Self::Listed(_) => Code::Failed,
            Self::Products(error) => error.code(),
            Self::Portal(error) => error.code(),
        }
    }
}
