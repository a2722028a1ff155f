//! `billing notifications replay`.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::Error;
use crate::commands::grant::whoever_runs_this;
use crate::context::{Context, Need};
use crate::organization::{self, OrgRef};
use crate::query;
use crate::when::{self, Since};
use crate::words::counted;

/// Has the application told again what organizations have now, within a minute, even if nothing changed.
#[derive(Clone, Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("which").required(true).args(["ids", "org", "since"]),
    after_help = "\
Examples:
  billing notifications replay --org 0a4c2f1e-5b7d-4e0a-9a53-2f6d1b9c7e10
  billing notifications replay --since 24h    whose access changed since, after the receiver lost some
  billing notifications replay 5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7eff

Exit status 1 if an id is unknown."
)]
pub struct Args {
    /// Ids of notifications: their organizations.
    #[arg(value_name = "ID")]
    pub ids: Vec<Uuid>,
    /// This organization: its id, or a Stripe customer or subscription of it.
    #[arg(long, value_name = "ORG")]
    pub org: Option<OrgRef>,
    /// All organizations whose access changed since: 90m, 24h, 7d, a date or a time, a month ago at most.
    #[arg(long, value_name = "TIME", value_parser = when::since)]
    pub since: Option<Since>,
}

/// What is told again.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Replayed {
    /// How many organizations the application is told about again.
    pub organizations: u64,
    /// Ids that no notification has.
    pub unknown: Vec<Uuid>,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<Replayed, Error> {
    context.require(&[Need::Database])?;
    let client = context.database().await?;
    let orgs = match &args.org {
        Some(named) => vec![organization::find(client, named).await?.id.uuid()],
        None => Vec::new(),
    };
    let since = args.since.map(|since| since.before(context.clock.now()));
    const SQL: &str = "select billing.pf_replay_notifications($1, to_timestamp($2), $3, $4)";
    let params: query::Params<'_> = &[
        (&orgs, Type::UUID_ARRAY),
        (&since.map(Timestamp::as_second).map(|second| second as f64), Type::FLOAT8),
        (&args.ids, Type::UUID_ARRAY),
        (&whoever_runs_this(), Type::TEXT),
    ];
    let replayed = query::one(client, SQL, params).await?;
    Ok(replayed.unwrap_or(Replayed { organizations: 0, unknown: Vec::new() }))
}

impl fmt::Display for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.organizations {
            0 => write!(f, "Nobody's access is told again: there is no such notification.")?,
            many => write!(f, "The application is told again about {}.", counted(many, "organization"))?,
        }
        for id in &self.unknown {
            write!(f, "\nNo notification {id}.")?;
        }
        Ok(())
    }
}
