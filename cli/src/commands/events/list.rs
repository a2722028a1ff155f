//! `billing events list`.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;
use tokio_postgres::types::Type;

use super::Error;
use super::row::{EventRow, FAILED};
use crate::context::Context;
use crate::organization::{self, OrgRef};
use crate::when::{self, Since};
use crate::{query, table};

/// Lists Stripe's events as we have them, the newest first.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  billing events list
  billing events list --failed                         what is not processed, and why
  billing events list --type invoice.paid --since 24h
  billing events list --org cus_T8wqKzMvNPdX2y --limit 20
  billing events list --failed --json | jq -r '.events[].event_id'")]
pub struct Args {
    /// Only those that failed, or were cut off.
    #[arg(long)]
    pub failed: bool,
    /// Only those of this type.
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<String>,
    /// Only those of this organization: its id, or a Stripe customer or subscription of it.
    #[arg(long, value_name = "ORG")]
    pub org: Option<OrgRef>,
    /// Only those that Stripe made since: 90m, 24h, 7d, a date or a time.
    #[arg(long, value_name = "TIME", value_parser = when::since)]
    pub since: Option<Since>,
    /// At most so many.
    #[arg(long, value_name = "N", default_value_t = 50,
        value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub limit: u16,
}

/// Events as we have them, the newest first.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// The events, the newest first.
    pub events: Vec<EventRow>,
    /// There are more than these.
    pub has_more: bool,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<Listed, Error> {
    let client = context.database().await?;
    let org = match &args.org {
        Some(named) => Some(organization::find(client, named).await?.id.uuid()),
        None => None,
    };
    let since = args.since.map(|since| since.before(context.clock.now()));
    let sql = format!(
        "select to_jsonb(e) from billing.webhook_events e
         where (not $1 or {FAILED}) and ($2 is null or e.type = $2) and ($3 is null or e.org_id = $3)
           and ($4 is null or e.stripe_created_at >= to_timestamp($4))
         order by e.stripe_created_at desc, e.first_received_at desc, e.event_id limit $5"
    );
    let limit = usize::from(args.limit);
    let mut events: Vec<EventRow> = query::all(
        client,
        &sql,
        &[
            (&args.failed, Type::BOOL),
            (&args.kind, Type::TEXT),
            (&org, Type::UUID),
            (&since.map(Timestamp::as_second).map(|second| second as f64), Type::FLOAT8),
            (&(i64::from(args.limit) + 1), Type::INT8),
        ],
    )
    .await?;
    let has_more = events.len() > limit;
    events.truncate(limit);
    Ok(Listed { events, has_more })
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.events.is_empty() {
            return write!(f, "No such event.");
        }
        let head = ["CREATED", "EVENT", "TYPE", "OUTCOME", "TRIES", "NEXT TRY", "ORGANIZATION"];
        let row = |event: &EventRow| {
            [
                when::time(event.stripe_created_at),
                event.event_id.clone(),
                event.kind.clone(),
                event.result(),
                event.attempts.to_string(),
                event.next_retry_at.map(when::time).unwrap_or_default(),
                event.org_id.map(|id| id.to_string()).unwrap_or_default(),
            ]
        };
        let rows: Vec<_> =
            std::iter::once(head.map(str::to_owned)).chain(self.events.iter().map(row)).collect();
        table::write(f, &rows)?;
        if self.has_more {
            write!(f, "There are more: --limit {} or --since shows them.", self.events.len() * 2)?;
        }
        Ok(())
    }
}
