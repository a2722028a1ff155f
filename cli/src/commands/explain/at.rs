//! What an organization had at a moment, and since when each part of it was so, by which cause.

use std::collections::BTreeMap;
use std::fmt::{Display, Formatter, Result as Written};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::domain::ids::OrgId;
use shared::domain::status::Status;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::facts::{Kept, Plan};
use crate::organization::Organization;
use crate::outcome::{self, Code};
use crate::{context, query, table, when, words};

/// What was so.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Then {
    /// The organization that is explained.
    pub organization: Organization,
    /// The moment.
    pub at: Timestamp,
    /// The plan that was in force, as `GET /api/entitlements` answered it.
    pub plan: Plan,
    /// The version of the plan that its subscription had bought. None: the plan as it was.
    pub kept: Option<Kept>,
    /// Every flag that there was, on or off.
    pub entitlements: BTreeMap<String, bool>,
    /// The rows that decided it: plans, subscriptions, and what was granted.
    pub rows: Vec<Row>,
}

/// A row as it was.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Row {
    /// `plans`, `subscriptions` or `entitlements`.
    pub table: String,
    /// The plan's code, the subscription's id or the row's number.
    pub key: String,
    /// Since when it was so.
    pub since: Timestamp,
    /// The event or command that made it so. None: somebody changed the row by hand.
    pub cause: Option<String>,
    /// The row.
    pub state: Value,
}

/// Reads it.
pub(super) async fn read(client: &Client, org: OrgId, at: Timestamp) -> Result<Option<Then>, context::Error> {
    let moment = at.as_microsecond();
    let found = query::one(client, SQL, &[(&org.uuid(), Type::UUID), (&moment, Type::INT8)]).await;
    match found {
        Err(context::Error::Database(error)) => {
            let said = error.as_db_error().filter(|said| said.code().code() == "22023");
            // The history does not reach back so far: the database says how far it does.
            match said.map(|said| format!("The database refuses: {}.", said.message())) {
                Some(sentence) => Err(context::Error::Operation(sentence, Code::Failed)),
                None => Err(error.into()),
            }
        }
        found => found,
    }
}

const SQL: &str = "
    with asked as (
      select $1 as org, timestamptz 'epoch' + $2 * interval '1 microsecond' as at),
      had as (select a.* from asked, billing.entitlements_at(asked.org, asked.at) a),
      rows as (
        select h.* from asked
        cross join unnest(array['plans', 'subscriptions', 'entitlements']) as of (kind)
        cross join lateral billing_private.rows_then(of.kind, asked.org, asked.at) h)
    select jsonb_build_object(
      'organization', (
        select jsonb_build_object('id', asked.org, 'name', (
          select nullif(o.name, '') from billing_private.existing_organization(asked.org) o))),
      'at', asked.at,
      'plan', to_jsonb(had) - 'features',
      'kept', (
        select billing_private.kept_then(jsonb_populate_record(null::billing.plans, r.state),
          had.stripe_subscription_id, asked.org, asked.at)
        from rows r where r.kind = 'plans' and r.key = had.plan_code),
      'entitlements', had.features,
      'rows', (
        select coalesce(jsonb_agg(jsonb_build_object('table', r.kind, 'key', r.key, 'since', r.valid_from,
          'cause', r.cause, 'state', r.state) order by r.kind desc, r.id), '[]')
        from rows r
        -- Of the plans, those that it had.
        where r.kind <> 'plans' or r.key in (
          select e.state ->> 'plan_code' from rows e where e.kind = 'entitlements'
          union all select had.plan_code)))
    from asked, had";

impl Then {
    fn text<'a>(row: &'a Row, name: &str) -> &'a str {
        row.state[name].as_str().unwrap_or_default()
    }
}

/// What a row said, for people.
fn said(row: &Row) -> String {
    let text = |name: &str| Then::text(row, name);
    let until = row.state["expires_at"].as_str().and_then(|at| at.parse().ok());
    let until = until.map(|at| format!(", until {}", when::time(at))).unwrap_or_default();
    match (row.table.as_str(), text("source")) {
        ("plans", _) => {
            let on = row.state["features"].as_object().into_iter().flatten().filter(|(_, on)| **on == true);
            let seats = row.state["seats_included"].as_u64().unwrap_or_default();
            let flags = words::counted(on.count() as u64, "flag");
            format!("plan {}: {flags}, {}", row.key, words::counted(seats, "seat"))
        }
        ("subscriptions", _) => {
            let quantity = row.state["quantity"].as_i64().unwrap_or_default();
            format!("{}: {}, {} x {quantity}", row.key, text("status"), text("plan_code"))
        }
        (_, "plan") => {
            let units = row.state["units"].as_i64().unwrap_or_default();
            let by = row.state["source_id"].as_str().map(|id| format!(" by {id}")).unwrap_or_default();
            format!("grants {} x {units}{by}{until}", text("plan_code"))
        }
        (_, source) => {
            let on = if row.state["enabled"] == true { "on" } else { "off" };
            format!("{source}: {} {on}{until}", text("feature"))
        }
    }
}

impl outcome::Report for Then {}

impl Display for Then {
    fn fmt(&self, f: &mut Formatter<'_>) -> Written {
        let plan = &self.plan;
        let status = plan.status.as_ref().map_or("never had a subscription", Status::as_str);
        let reason = plan.reason.as_ref().map(|word| format!(" ({word})")).unwrap_or_default();
        writeln!(f, "{} at {}\n", self.organization, when::time(self.at))?;
        writeln!(f, "Plan   {}, {status}{reason}", plan.plan_code)?;
        writeln!(f, "Seats  {}", plan.seats)?;
        if let Some(kept) = &self.kept {
            writeln!(f, "Version {kept}")?;
        }
        let on = |on: bool| -> Vec<String> {
            self.entitlements.iter().filter(|(_, is)| **is == on).map(|(flag, _)| flag.clone()).collect()
        };
        let named =
            |flags: Vec<String>| if flags.is_empty() { "none".to_owned() } else { words::listed(&flags) };
        writeln!(f, "On     {}", named(on(true)))?;
        writeln!(f, "Off    {}\n", named(on(false)))?;
        let head = ["WAS SO", "SINCE", "BY"].map(str::to_owned);
        let row = |row: &Row| {
            let by = row.cause.as_deref().unwrap_or("hand").to_owned();
            [said(row), when::time(row.since), by]
        };
        table::write(f, &std::iter::once(head).chain(self.rows.iter().map(row)).collect::<Vec<_>>())
    }
}
