//! `billing prune`: events past their retention removed, and the history of that time.

use std::fmt;

use serde::Serialize;
use shared::billing::limits::CALLS_PER_SECOND;
use shared::billing::reconcile::{self, EVENTS_KEPT_DAYS, Pruned as Removed};
use tokio_postgres::types::Type;

use crate::context::{self, Context, Need};
use crate::words::counted;
use crate::{outcome, query};

/// Stripe lists events, and sends them again, for 30 days: what is forgotten sooner would count as never
/// processed.
const FEWEST_DAYS: i64 = 31;

/// Removes the months of events and of the history that ended longer ago than events are kept. The
/// reconciliation does it with 90 days.
#[derive(Clone, Copy, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  billing prune --dry-run    how many are past 90 days, in whole months
  billing prune --days 31    keeps as little as is safe")]
pub struct Args {
    /// Days that events are kept, and the rest of their month: 31 at least, because Stripe lists them and
    /// sends them again for 30.
    #[arg(long, value_name = "N", default_value_t = EVENTS_KEPT_DAYS,
        value_parser = clap::value_parser!(i32).range(FEWEST_DAYS..=36500))]
    pub days: i32,
    /// Only count them.
    #[arg(long)]
    pub dry_run: bool,
}

/// How many events were removed, or would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// A dry run: nothing was removed.
    pub dry_run: bool,
    /// Days that events are kept.
    pub days: i32,
    /// Events that were removed, or would be.
    pub events: i64,
    /// Rows of the history that were removed, or would be.
    pub history: i64,
}

/// Removes them.
///
/// # Errors
/// If the database fails; what was removed stays so.
pub async fn run(args: Args, context: &Context) -> Result<Pruned, context::Error> {
    context.require(&[Need::Database])?;
    let client = context.database().await?;
    let Args { days, dry_run } = args;
    let Removed { events, history } = if dry_run {
        const EVENTS: &str = "select to_jsonb(billing.pf_prune_events($1, true))";
        const HISTORY: &str = "select to_jsonb((billing.pf_prune_history($1, null, null, true)).removed)";
        let days: query::Params<'_> = &[(&days, Type::INT4)];
        Removed {
            events: query::one(client, EVENTS, days).await?.unwrap_or_default(),
            history: query::one(client, HISTORY, days).await?.unwrap_or_default(),
        }
    } else {
        reconcile::prune(&context.app().resources(), &context.limits(CALLS_PER_SECOND), days).await?
    };
    Ok(Pruned { dry_run, days, events, history })
}

impl outcome::Report for Pruned {}

impl fmt::Display for Pruned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { dry_run, days, events, history } = *self;
        let rows = match history {
            0 => String::new(),
            many => format!(" and {} of the history", counted(many.unsigned_abs(), "row")),
        };
        match (events.unsigned_abs(), history, dry_run) {
            (0, 0, _) => write!(f, "No event is older than {days} days."),
            (events, _, true) => {
                write!(f, "{}{rows} past {days} days. Nothing was removed.", counted(events, "event"))
            }
            (events, ..) => write!(f, "{}{rows} past {days} days removed.", counted(events, "event")),
        }
    }
}
