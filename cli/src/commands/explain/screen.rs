//! The explanation on one screen.

use std::fmt::{Display, Formatter, Result};

use jiff::Timestamp;
use shared::domain::status::Status;

use super::facts::{Change, Explanation, Flag, Subscription};
use crate::commands::events::EventRow;
use crate::{table, when};

impl Display for Explanation {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "{}\n", self.sentence)?;
        self.write_plan(f)?;
        section(f, "Subscriptions", &self.subscriptions, subscription, "none")?;
        section(f, "Flags", &self.flags, |one| flag(one, &self.plan.plan_code), "none: run billing migrate")?;
        section(f, "Last changes", &self.changes, change, "none")?;
        section(f, "Last events", &self.events, event, "none")
    }
}

impl Explanation {
    fn write_plan(&self, f: &mut Formatter<'_>) -> Result {
        let plan = &self.plan;
        let status = plan.status.as_ref().map_or("never had a subscription", Status::as_str);
        let mut rows = vec![
            ["Organization".to_owned(), self.organization.to_string()],
            ["Plan".to_owned(), format!("{}, {status}", plan.plan_code)],
            ["Seats".to_owned(), plan.seats.to_string()],
        ];
        for (name, at) in [
            ("Period ends", plan.current_period_end),
            ("Ends", plan.cancel_at),
            ("Grace ends", plan.grace_ends_at),
        ] {
            rows.extend(at.map(|at| [name.to_owned(), when::time(at)]));
        }
        let customers: Vec<String> = self
            .customers
            .iter()
            .map(|customer| format!("{}{}", customer.stripe_customer_id, mode(customer.livemode)))
            .collect();
        let customers = if customers.is_empty() { "none yet".to_owned() } else { customers.join(", ") };
        rows.push(["Stripe customer".to_owned(), customers]);
        table::write(f, &rows)
    }
}

fn section<T, const N: usize>(
    f: &mut Formatter<'_>,
    title: &str,
    things: &[T],
    row: impl Fn(&T) -> [String; N],
    none: &str,
) -> Result {
    if things.is_empty() {
        return writeln!(f, "\n{title}: {none}");
    }
    writeln!(f, "\n{title}")?;
    let rows: Vec<[String; N]> = things
        .iter()
        .map(|thing| {
            let mut cells = row(thing);
            cells[0].insert_str(0, "  ");
            cells
        })
        .collect();
    table::write(f, &rows)
}

fn subscription(one: &Subscription) -> [String; 4] {
    let mut notes = Vec::new();
    let mut note =
        |what: &str, at: Option<Timestamp>| notes.extend(at.map(|at| format!("{what} {}", when::day(at))));
    if one.status.is_ended() {
        note("since", one.ended_at);
    } else {
        note("trial until", one.trial_end.filter(|_| one.status == Status::Trialing));
        note("period ends", one.current_period_end);
        note("canceled as of", one.cancel_at);
        note("past_due since", one.past_due_since);
        note("grace until", one.grace_until);
    }
    if let Some(behavior) = &one.pause_behavior {
        notes.push(format!("collection paused: {behavior}"));
    }
    if !one.counts {
        notes.push(format!("{} mode, does not count", if one.livemode { "live" } else { "test" }));
    }
    let interval = one.billing_interval.as_ref().map(|interval| format!(" by the {interval}"));
    let plan = format!("{} x {}{}", one.plan_code, one.quantity, interval.unwrap_or_default());
    [one.stripe_subscription_id.clone(), one.status.to_string(), plan, notes.join(", ")]
}

fn flag(one: &Flag, plan: &str) -> [String; 4] {
    let source = match one.source.as_str() {
        "plan" => format!("plan {}", one.plan_code.as_deref().unwrap_or(plan)),
        source => match &one.source_id {
            Some(id) => format!("{source} {id}"),
            None => source.to_owned(),
        },
    };
    let until = one.expires_at.map(|at| format!("until {}", when::time(at)));
    let told = match (&one.by_whom, &one.reason) {
        (Some(by), Some(reason)) => Some(format!("by {by}: {reason}")),
        (Some(by), None) => Some(format!("by {by}")),
        _ => None,
    };
    let notes: Vec<String> = until.into_iter().chain(told).collect();
    [one.feature.clone(), on(one.enabled).to_owned(), source, notes.join(", ")]
}

fn change(one: &Change) -> [String; 4] {
    let what = one.text("subscription").or_else(|| one.text("feature")).unwrap_or_default();
    let from_to = match (one.text("from"), one.text("to")) {
        (Some(from), Some(to)) => format!("{from} -> {to}"),
        (None, Some(to)) => to.to_owned(),
        (Some(from), None) => format!("{from} -> taken back"),
        (None, None) => String::new(),
    };
    let cause = [Some(one.text("cause").unwrap_or("unknown")), one.text("reason")];
    let cause = cause.into_iter().flatten().collect::<Vec<_>>().join(": ");
    let what = if what.is_empty() { from_to } else { format!("{what} {from_to}") };
    [when::time(one.created_at), one.kind.replace('_', " "), what, format!("by {cause}")]
}

fn event(one: &EventRow) -> [String; 4] {
    [when::time(one.stripe_created_at), one.event_id.clone(), one.kind.clone(), one.result()]
}

fn on(enabled: bool) -> &'static str {
    if enabled { "on" } else { "off" }
}

fn mode(livemode: bool) -> &'static str {
    if livemode { "" } else { " (test mode)" }
}
