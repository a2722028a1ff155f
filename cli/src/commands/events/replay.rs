//! `billing events replay`: events asked for at Stripe and put through the pipeline of the webhook function.

use std::collections::HashSet;
use std::fmt;

use serde::Serialize;
use shared::billing::Resources;
use shared::billing::limits::{CALLS_PER_SECOND, Limits};
use shared::billing::replay_event::{Failure, Replay, replay_event};
use shared::billing::streak::Streak;
use shared::db::failed_events;
use shared::error;
use shared::stripe::event_list::{self, EventFilter};
use tokio_postgres::types::Type;

use super::Error;
use super::row::FAILED;
use crate::context::{Context, Need};
use crate::progress::Progress;
use crate::when::{self, Since};
use crate::words::counted;
use crate::{context, query, table};

/// Asks Stripe for events, which it keeps for 30 days, and puts each through what the webhook function does,
/// oldest first.
///
/// What is processed already answers `duplicate` and changes nothing; an old event never brings an old state
/// back.
#[derive(Clone, Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("which").required(true).args(["ids", "failed", "since"]),
    after_help = "\
Examples:
  billing events replay evt_1SXk2LPp evt_1SXk2MPq
  billing events replay --failed              after the cause is gone
  billing events replay --since 24h           after an outage of the webhook function
  billing events replay --since 24h --dry-run what was missed

Exit status 1 if any failed, or Stripe has it no more."
)]
pub struct Args {
    /// Stripe's ids of the events.
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// Those that failed here, or were cut off.
    #[arg(long)]
    pub failed: bool,
    /// All that Stripe made since, of the types we process: 90m, 24h, 7d, a date or a time.
    #[arg(long, value_name = "TIME", value_parser = when::since)]
    pub since: Option<Since>,
    /// Only say which would be put through.
    #[arg(long)]
    pub dry_run: bool,
}

/// What came of one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Stripe's id, `evt_...`.
    pub event_id: String,
    /// `applied`, `stale`, `duplicate`, `ignored`, `failed`, `gone` (Stripe has it no more) or
    /// `would_replay`.
    pub outcome: String,
    /// The code of its failure. None: it did not fail.
    pub error_code: Option<String>,
}

/// What came of all of them, oldest first.
#[derive(Clone, Debug, Serialize)]
pub struct Replayed {
    /// A dry run: nothing was changed.
    pub dry_run: bool,
    /// The events that were looked at.
    pub events: Vec<Line>,
    /// Events that were not looked at, because something stopped the work.
    pub left: usize,
    /// What stopped the work, as a sentence. None: it came to its end.
    pub stopped: Option<String>,
}

impl Replayed {
    /// How many had this outcome.
    pub fn count(&self, outcome: &str) -> usize {
        self.events.iter().filter(|line| line.outcome == outcome).count()
    }

    pub(super) fn is_well(&self) -> bool {
        self.left == 0 && self.count("failed") + self.count("gone") == 0
    }
}

pub(super) async fn run(args: Args, context: &Context) -> Result<Replayed, Error> {
    context.require(&[Need::Database, Need::Stripe, Need::Rules])?;
    context.database().await?;
    let (app, limits) = (context.app(), context.limits(CALLS_PER_SECOND));
    let resources = app.resources();
    let ids = which(&args, context, &limits).await?;
    // What is named one by one is asked for even if it is processed: the pipeline itself answers.
    let open: HashSet<String> = match args.ids.is_empty() || args.dry_run {
        true => unprocessed(&resources, &ids).await?,
        false => ids.iter().cloned().collect(),
    };
    let mut report = Replayed { dry_run: args.dry_run, events: Vec::new(), left: 0, stopped: None };
    let mut progress = Progress::start(context, "events", Some(ids.len() as u64));
    let mut streak = Streak::default();
    for (position, id) in ids.iter().enumerate() {
        let line = match (open.contains(id), args.dry_run) {
            (false, _) => Ok(line(id, "duplicate")),
            (true, true) => Ok(line(id, "would_replay")),
            (true, false) if limits.are_reached() => Err(None),
            (true, false) => replay(&resources, id, &limits, &mut streak).await.map_err(Some),
        };
        match line {
            Ok(line) => report.events.push(line),
            // Nothing was done yet: the failure is the whole answer.
            Err(Some(error)) if report.events.iter().all(|line| line.outcome == "duplicate") => {
                return Err(error.into());
            }
            Err(stop) => {
                report.left = ids.len() - position;
                report.stopped = Some(match stop {
                    Some(error) => context::Error::from(error).to_string(),
                    None => "Stopped by Ctrl-C.".to_owned(),
                });
                break;
            }
        }
        progress.add(1);
    }
    Ok(report)
}

/// The ids, oldest first.
async fn which(args: &Args, context: &Context, limits: &Limits) -> Result<Vec<String>, Error> {
    if let Some(since) = args.since {
        return Ok(listed(context, since, limits).await?);
    }
    if !args.failed {
        let mut seen = HashSet::new();
        return Ok(args.ids.iter().filter(|id| seen.insert(*id)).cloned().collect());
    }
    let (client, livemode) = (context.database().await?, context.stripe()?.livemode());
    let sql = format!(
        "select to_jsonb(e.event_id) from billing.webhook_events e where e.livemode = $1 and {FAILED}
         order by e.stripe_created_at, e.event_id"
    );
    Ok(query::all(client, &sql, &[(&livemode, Type::BOOL)]).await?)
}

/// What Stripe lists, which it does from the newest to the oldest.
async fn listed(context: &Context, since: Since, limits: &Limits) -> Result<Vec<String>, context::Error> {
    let from = since.before(context.clock.now()).as_second();
    let which = EventFilter { from: Some(from), ..EventFilter::default() };
    let mut ids: Vec<String> = Vec::new();
    loop {
        limits.pace().await;
        let page = event_list::page(context.stripe()?, which, ids.last().map(String::as_str)).await?;
        let is_empty = page.data.is_empty();
        ids.extend(page.data.into_iter().map(|event| event.id));
        if !page.has_more || is_empty || limits.are_reached() {
            ids.reverse();
            return Ok(ids);
        }
    }
}

async fn unprocessed(resources: &Resources<'_>, ids: &[String]) -> Result<HashSet<String>, error::Error> {
    let mut open = HashSet::new();
    for some in ids.chunks(1000) {
        open.extend(failed_events::open(resources.db()?, some).await?.into_iter().map(|one| one.id));
    }
    Ok(open)
}

/// Err: database or Stripe are not to be had, so that there is no use in going on.
async fn replay(
    resources: &Resources<'_>,
    id: &str,
    limits: &Limits,
    streak: &mut Streak,
) -> Result<Line, error::Error> {
    let done = match replay_event(resources, id, limits).await? {
        Replay::Processed(outcome) => line(id, outcome.as_str()),
        Replay::Failed(Failure { error, organization })
            if !error.is_refusal() && streak.failed(id, &organization) =>
        {
            return Err(error);
        }
        Replay::Failed(Failure { error, .. }) => {
            return Ok(Line { error_code: Some(error.code().to_owned()), ..line(id, "failed") });
        }
        Replay::Gone => line(id, "gone"),
    };
    streak.succeeded();
    Ok(done)
}

fn line(id: &str, outcome: &str) -> Line {
    Line { event_id: id.to_owned(), outcome: outcome.to_owned(), error_code: None }
}

impl fmt::Display for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = |line: &Line| {
            let outcome = match (&line.error_code, line.outcome.as_str()) {
                (Some(code), outcome) => format!("{outcome}: {code}"),
                (None, "gone") => "gone: Stripe has it no more".to_owned(),
                (None, "would_replay") => "would be put through".to_owned(),
                (None, outcome) => outcome.to_owned(),
            };
            [line.event_id.clone(), outcome]
        };
        table::write(f, &self.events.iter().map(row).collect::<Vec<_>>())?;
        let counts: Vec<String> =
            ["applied", "stale", "duplicate", "ignored", "failed", "gone", "would_replay"]
                .into_iter()
                .filter_map(|outcome| match self.count(outcome) {
                    0 => None,
                    count => Some(format!("{count} {}", outcome.replace("would_replay", "to put through"))),
                })
                .collect();
        match counts.as_slice() {
            [] => write!(f, "No such event: nothing to put through.")?,
            counts => write!(f, "{}: {}.", counted(self.events.len() as u64, "event"), counts.join(", "))?,
        }
        if self.dry_run {
            write!(f, " Nothing was changed.")?;
        }
        if self.count("gone") > 0 {
            write!(f, "\nbilling backfill --all reads from Stripe what those that are gone told of.")?;
        }
        if let Some(stopped) = &self.stopped {
            write!(f, "\n{stopped} Not put through: {}. Run the same command again.", self.left)?;
        }
        Ok(())
    }
}
