//! `billing events show`.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::billing::apply_event::is_unknown;
use stripe_core::event::RetrieveEvent;
use tokio_postgres::types::Type;

use super::Error;
use super::row::EventRow;
use crate::context::{Context, Need};
use crate::{query, table, when};

/// Shows one event: what we know of it, and what Stripe says. Not what it carries.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  billing events show evt_1SXk2LPp
  billing events show evt_1SXk2LPp --json | jq .stripe.pending_webhooks")]
pub struct Args {
    /// Stripe's id of the event.
    pub id: String,
}

/// What Stripe says of an event.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct AtStripe {
    /// Stripe's type, such as `invoice.paid`.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it was made, in Unix seconds.
    pub created: i64,
    /// Live mode, not test mode.
    #[serde(default)]
    pub livemode: bool,
    /// Endpoints that have not answered it with success yet.
    #[serde(default)]
    pub pending_webhooks: i64,
}

/// An event, as we have it and as Stripe has it.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    /// Stripe's id, `evt_...`.
    pub event_id: String,
    /// What we know of it. None: it never came, or its row is past retention.
    pub ours: Option<EventRow>,
    /// What Stripe says. None: Stripe has it no more, or it is of another account or mode.
    pub stripe: Option<AtStripe>,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<Shown, Error> {
    context.require(&[Need::Database, Need::Stripe])?;
    let client = context.database().await?;
    const SQL: &str = "select to_jsonb(e) from billing.webhook_events e where e.event_id = $1
        order by e.status desc limit 1";
    let ours: Option<EventRow> = query::one(client, SQL, &[(&args.id, Type::TEXT)]).await?;
    let stripe = match context.stripe()?.get::<AtStripe>(&RetrieveEvent::new(args.id.as_str())).await {
        Ok(event) => Some(event),
        Err(error) if is_unknown(&error) => None,
        Err(error) => return Err(error.into()),
    };
    if ours.is_none() && stripe.is_none() {
        return Err(Error::Unknown(args.id));
    }
    Ok(Shown { event_id: args.id, ours, stripe })
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = vec![["Event".to_owned(), self.event_id.clone()]];
        let mut add = |name: &str, value: String| rows.push([name.to_owned(), value]);
        match &self.ours {
            Some(row) => {
                add("Type", row.kind.clone());
                add("Mode", mode(row.livemode).to_owned());
                add("Made by Stripe", when::time(row.stripe_created_at));
                add("Came first", when::time(row.first_received_at));
                add("Outcome", row.result());
                add(
                    "Tries",
                    format!("{}, the last one at {}", row.attempts, when::time(row.last_attempt_at)),
                );
                if let Some(at) = row.next_retry_at {
                    add("Next try", format!("{} by the reconciliation", when::time(at)));
                }
                if let Some(took) = row.milliseconds {
                    add("Took", format!("{took} ms"));
                }
                add("Organization", row.org_id.map_or_else(|| "none".to_owned(), |id| id.to_string()));
                add("API version", row.api_version.clone().unwrap_or_else(|| "unknown".to_owned()));
            }
            None => add("Here", "it never came, or its row is past retention".to_owned()),
        }
        match &self.stripe {
            Some(event) => {
                let made = Timestamp::from_second(event.created).map(when::time).unwrap_or_default();
                let delivery = match event.pending_webhooks {
                    0 => "delivered to every endpoint".to_owned(),
                    1 => "one endpoint has not answered with success yet".to_owned(),
                    many => format!("{many} endpoints have not answered with success yet"),
                };
                let livemode = mode(event.livemode);
                add("At Stripe", format!("{}, {livemode} mode, made at {made}, {delivery}", event.kind));
            }
            None => {
                add("At Stripe", "not there: Stripe keeps events for 30 days, each in its mode".to_owned())
            }
        }
        table::write(f, &rows)?;
        match (&self.ours, &self.stripe) {
            (Some(row), _) if row.status == "processed" => Ok(()),
            (_, Some(_)) => {
                write!(f, "\nbilling events replay {} puts it through once more.", self.event_id)
            }
            (_, None) => {
                write!(f, "\nbilling backfill --org ORG reads what it told of from Stripe.")
            }
        }
    }
}

fn mode(livemode: bool) -> &'static str {
    if livemode { "live" } else { "test" }
}
