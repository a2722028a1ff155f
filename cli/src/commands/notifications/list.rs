//! `billing notifications list`.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::domain::ids::OrgId;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::Error;
use crate::context::{Context, Need};
use crate::organization::{self, OrgRef};
use crate::{query, table, when};

/// Lists what the application was told, or is to be told, the newest first.
#[derive(Clone, Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("which").args(["waiting", "failed"]),
    after_help = "\
Examples:
  billing notifications list
  billing notifications list --waiting       what is not told yet, and why
  billing notifications list --failed        what was given up
  billing notifications list --org cus_T8wqKzMvNPdX2y --limit 20"
)]
pub struct Args {
    /// Only those of this organization: its id, or a Stripe customer or subscription of it.
    #[arg(long, value_name = "ORG")]
    pub org: Option<OrgRef>,
    /// Only those that are not told yet.
    #[arg(long)]
    pub waiting: bool,
    /// Only those that were given up.
    #[arg(long)]
    pub failed: bool,
    /// At most so many.
    #[arg(long, value_name = "N", default_value_t = 50,
        value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub limit: u16,
}

/// A row of `notifications`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct NotificationRow {
    /// The message's id (`webhook-id`), if it was the newest that it told.
    pub id: Uuid,
    /// Whose access changed.
    pub org_id: OrgId,
    /// The event or command that changed it, or `time`. None: somebody changed a row by hand.
    pub cause: Option<String>,
    /// An operator asked for it.
    pub replayed: bool,
    /// When it changed.
    pub created_at: Timestamp,
    /// How often it was sent.
    pub attempts: i32,
    /// When it was sent first. None: never.
    pub first_attempt_at: Option<Timestamp>,
    /// When it was sent last. None: never.
    pub last_attempt_at: Option<Timestamp>,
    /// When it is due. None: it is over.
    pub next_attempt_at: Option<Timestamp>,
    /// That of the last message about it. None: there was none.
    pub version: Option<i64>,
    /// When every destination had it.
    pub delivered_at: Option<Timestamp>,
    /// When it was given up.
    pub given_up_at: Option<Timestamp>,
    /// Why the last attempt failed: an HTTP status or a stable word. None: it did not.
    pub last_error: Option<String>,
}

impl NotificationRow {
    fn result(&self) -> String {
        let result = match (self.delivered_at, self.given_up_at) {
            (Some(_), _) => "told",
            (None, Some(_)) => "given up",
            (None, None) => "waits",
        };
        match &self.last_error {
            Some(error) => format!("{result}: {error}"),
            None => result.to_owned(),
        }
    }
}

/// Notifications, the newest first.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// The newest first.
    pub notifications: Vec<NotificationRow>,
    /// There are more than these.
    pub has_more: bool,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<Listed, Error> {
    context.require(&[Need::Database])?;
    let client = context.database().await?;
    let org = match &args.org {
        Some(named) => Some(organization::find(client, named).await?.id.uuid()),
        None => None,
    };
    const SQL: &str = "
        select to_jsonb(n) from billing.notifications n
        where ($1 is null or n.org_id = $1) and (not $2 or n.next_attempt_at is not null)
          and (not $3 or n.given_up_at is not null)
        order by n.created_at desc, n.id limit $4";
    let limit = usize::from(args.limit);
    let params: query::Params<'_> = &[
        (&org, Type::UUID),
        (&args.waiting, Type::BOOL),
        (&args.failed, Type::BOOL),
        (&(i64::from(args.limit) + 1), Type::INT8),
    ];
    let mut notifications: Vec<NotificationRow> = query::all(client, SQL, params).await?;
    let has_more = notifications.len() > limit;
    notifications.truncate(limit);
    Ok(Listed { notifications, has_more })
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.notifications.is_empty() {
            return write!(f, "No such notification.");
        }
        let head = ["CHANGED", "NOTIFICATION", "ORGANIZATION", "CAUSE", "OUTCOME", "TRIES", "NEXT TRY"];
        let row = |row: &NotificationRow| {
            [
                when::time(row.created_at),
                row.id.to_string(),
                row.org_id.to_string(),
                row.cause.clone().unwrap_or_default(),
                row.result(),
                row.attempts.to_string(),
                row.next_attempt_at.map(when::time).unwrap_or_default(),
            ]
        };
        let rows: Vec<_> =
            std::iter::once(head.map(str::to_owned)).chain(self.notifications.iter().map(row)).collect();
        table::write(f, &rows)?;
        if self.has_more {
            write!(f, "There are more: --limit {} shows them.", self.notifications.len() * 2)?;
        }
        Ok(())
    }
}
