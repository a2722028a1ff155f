//! The explanation on one screen.

use std::fmt::{Display, Formatter, Result};

use jiff::Timestamp;
use shared::domain::discount::{Discount, Terms};
use shared::domain::status::Status;

use super::facts::{Change, Charge, Explanation, Flag};
use super::subscription::Subscription;
use crate::commands::events::EventRow;
use crate::extra::Extra;
use crate::organization::Organization;
use crate::{money, table, when, words};

impl Display for Explanation {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "{}\n", self.sentence)?;
        self.write_plan(f)?;
        section(f, "Subscriptions", &self.subscriptions, |one| self.subscription(one), "none")?;
        for one in &self.elsewhere {
            let (id, customer, whose) =
                (&one.stripe_subscription_id, &one.stripe_customer_id, &one.organization);
            writeln!(f, "  {customer} pays for {whose} too: {id}, {}", one.status)?;
        }
        if !self.payments.is_empty() {
            section(f, "One-time payments", &self.payments, payment, "none")?;
        }
        if !self.charges.is_empty() {
            section(f, "Refunds and disputes", &self.charges, charge, "none")?;
        }
        section(f, "Flags", &self.flags, |one| flag(one, &self.plan.plan_code), "none: run billing migrate")?;
        section(f, "Last changes", &self.changes, change, "none")?;
        section(f, "Last events", &self.events, event, "none")
    }
}

impl Explanation {
    fn write_plan(&self, f: &mut Formatter<'_>) -> Result {
        let plan = &self.plan;
        let status = plan.status.as_ref().map_or("never had a subscription", Status::as_str);
        let reason = plan.reason.as_ref().map(|word| format!(" ({word})")).unwrap_or_default();
        let mut rows = vec![
            ["Organization".to_owned(), self.organization.to_string()],
            ["Plan".to_owned(), format!("{}, {status}{reason}", plan.plan_code)],
            ["Seats".to_owned(), plan.seats.to_string()],
        ];
        rows.extend(self.kept.as_ref().map(|kept| ["Version".to_owned(), kept.to_string()]));
        for (name, at) in [
            ("Period ends", plan.current_period_end),
            ("Ends", plan.cancel_at),
            ("Grace ends", plan.grace_ends_at),
            ("Trial ends", plan.trial_ends_at),
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
        rows.push(["Portal".to_owned(), self.portal()]);
        table::write(f, &rows)
    }

    /// Whose portal it may open, or why none.
    fn portal(&self) -> String {
        let Some(customer) = &self.portal.customer else {
            return "closed: it has no customer of its own".to_owned();
        };
        if self.portal.shared_with.is_empty() {
            return format!("opens with {customer}");
        }
        let others: Vec<String> = self.portal.shared_with.iter().map(Organization::short).collect();
        format!("closed: {customer} pays for {} too", words::listed(&others))
    }

    fn subscription(&self, one: &Subscription) -> [String; 4] {
        [
            one.stripe_subscription_id.clone(),
            one.status.to_string(),
            one.sells(),
            [dates(one), self.payer(one), oddities(one)].concat().join(", "),
        ]
    }

    /// Who pays, unless it is the organization's customer.
    fn payer(&self, one: &Subscription) -> Vec<String> {
        let Some(customer) = &one.stripe_customer_id else {
            return vec!["an account pays, and no customer".to_owned()];
        };
        let whose = match &one.customer_of {
            Some(whose) if whose.id == self.organization.id => return Vec::new(),
            Some(whose) => format!(", the customer of {}", whose.short()),
            None => String::new(),
        };
        match one.own {
            true => vec![format!("paid by {customer}{whose}")],
            false => vec![format!("bought through a link by {customer}{whose}")],
        }
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

/// When what happens to a subscription.
fn dates(one: &Subscription) -> Vec<String> {
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
    notes
}

/// What a subscription has that most have not.
fn oddities(one: &Subscription) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(one.discounts.iter().map(discount));
    notes.extend(one.paid_last().map(|paid| format!("paid last: {paid}")));
    notes.extend(one.pause_behavior.as_ref().map(|behavior| format!("collection paused: {behavior}")));
    if let Some(clock) = &one.test_clock {
        let at = one.test_clock_at.map(|at| format!(" at {}", when::day(at))).unwrap_or_default();
        notes.push(format!("on {clock}{at}"));
    }
    if !one.counts {
        notes.push(format!("{} mode, does not count", words::mode(one.livemode)));
    }
    notes
}

/// `20% off until 2027-01-31 (Launch)`.
fn discount(one: &Discount) -> String {
    let id = &one.id;
    if one.item {
        return format!("{id} takes something off an item: see Stripe");
    }
    let Some(Terms { name, percent_off, amount_off, currency, duration: Some(duration), ends_at }) =
        &one.terms
    else {
        return format!("{id} takes something off, not known what: billing backfill asks Stripe");
    };
    let off = match (percent_off, amount_off) {
        (Some(percent), _) => format!("{percent}%"),
        (None, Some(cents)) => {
            money::amount(*cents, currency.as_deref().unwrap_or_default()).trim_end().to_owned()
        }
        (None, None) => "nothing".to_owned(),
    };
    let long = match (duration.as_str(), ends_at) {
        (_, Some(at)) => format!("until {}", when::day(*at)),
        ("once", None) => "the next invoice".to_owned(),
        (other, None) => other.to_owned(),
    };
    let name = name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    format!("{off} off {long}{name}")
}

fn payment(one: &Extra) -> [String; 4] {
    let sold = match &one.state {
        None => String::new(),
        Some(state) => {
            let until = one.until.map(|at| format!("until {}", when::day(at)));
            let flags = Some(one.features.join(", ")).filter(|flags| !flags.is_empty());
            let parts: Vec<String> =
                [Some("add-on".to_owned()), flags, until].into_iter().flatten().collect();
            format!("{}: {}", parts.join(" "), state.replace('_', " "))
        }
    };
    [one.source.clone(), one.paid(), sold, one.notes().join(", ")]
}

fn charge(one: &Charge) -> [String; 3] {
    let currency = one.currency.as_deref().unwrap_or_default();
    let amount = |cents: i64| money::amount(cents, currency).trim_end().to_owned();
    let of = one.amount_cents.map(amount).unwrap_or_else(|| "amount not known".to_owned());
    let mut notes = Vec::new();
    if one.refunded_cents > 0 {
        notes.push(format!("{} refunded", amount(one.refunded_cents)));
    }
    notes.extend(one.dispute_status.as_ref().map(|status| format!("dispute: {status}")));
    [one.stripe_charge_id.clone(), of, notes.join(", ")]
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
    // The source of an import is where its customers came from.
    let source = one.text("source").filter(|_| one.kind.starts_with("addon"));
    let named = ["subscription", "feature", "charge", "session"].into_iter().find_map(|name| one.text(name));
    let what = named.or(source).unwrap_or_default();
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
