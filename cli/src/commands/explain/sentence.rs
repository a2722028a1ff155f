//! The sentence on top: what the organization has, and because of what.

use jiff::Timestamp;
use shared::domain::status::Status;

use super::facts::{Explanation, Subscription};
use crate::when::day;

/// Says in one sentence what the organization has, and why.
pub fn of(facts: &Explanation, now: Timestamp) -> String {
    let name = facts.organization.short();
    let plan = &facts.plan.plan_code;
    let granting = facts.subscriptions.iter().filter(|s| s.grants(now) && s.plan_code == *plan);
    // One that is paid explains more than one whose payment is open.
    let decisive = granting.min_by_key(|s| s.status == Status::PastDue);
    let mut sentence = match decisive {
        _ if facts.by_hand && decisive.is_none() => {
            format!("{name} has {plan} because it was set by hand: no subscription pays for it.")
        }
        Some(subscription) => granted(&name, plan, subscription),
        None if plan != "pilot" => {
            format!(
                "{name} has {plan}, and no subscription explains it: run billing backfill --org {}.",
                facts.organization.id
            )
        }
        None => format!("{name} has pilot because {}.", nothing(facts, now)),
    };
    let others = facts.subscriptions.iter().filter(|s| s.grants(now)).count();
    if others > 1 {
        sentence.push_str(&format!(" {others} subscriptions are live at once: it pays for each."));
    }
    let overridden = facts.flags.iter().filter(|flag| flag.source == "override").count();
    match overridden {
        0 => {}
        1 => sentence.push_str(" One flag is decided by an override."),
        many => sentence.push_str(&format!(" {many} flags are decided by overrides.")),
    }
    sentence
}

fn granted(name: &str, plan: &str, subscription: &Subscription) -> String {
    let id = &subscription.stripe_subscription_id;
    let until = |at: Option<Timestamp>| at.map(|at| format!(" until {}", day(at))).unwrap_or_default();
    if subscription.status == Status::PastDue {
        let since = subscription.past_due_since.map(|at| format!(" since {}", day(at))).unwrap_or_default();
        return format!(
            "{name} is past_due{since} with {id}; {plan} stays{}, unless it is paid before.",
            until(subscription.grace_until)
        );
    }
    match (subscription.cancel_at, &subscription.status) {
        (Some(ends), status) => {
            format!("{name} has {plan} until {}: {id} is {status} and canceled as of then.", day(ends))
        }
        (None, Status::Trialing) => {
            format!("{name} has {plan} because {id} is trialing{}.", until(subscription.trial_end))
        }
        (None, status) => {
            let then = until(subscription.current_period_end);
            format!("{name} has {plan} because {id} is {status}{then}, when it renews.")
        }
    }
}

/// Why there is nothing but pilot.
fn nothing(facts: &Explanation, now: Timestamp) -> String {
    let mut counting = facts.subscriptions.iter().filter(|s| s.counts);
    let Some(newest) = counting.clone().find(|s| !s.status.is_ended()).or_else(|| counting.next()) else {
        return match facts.subscriptions.first() {
            Some(other) => format!(
                "{} is of test mode, which grants nothing since the first live customer came",
                other.stripe_subscription_id
            ),
            None => "it never had a subscription".to_owned(),
        };
    };
    let id = &newest.stripe_subscription_id;
    match &newest.status {
        Status::Canceled => {
            format!(
                "its last subscription {id} was canceled on {}",
                day(newest.ended_at.unwrap_or(newest.updated_at))
            )
        }
        Status::IncompleteExpired => format!("the first payment of {id} was never made"),
        Status::Incomplete => format!("the first payment of {id} is still open"),
        Status::PastDue => format!(
            "{id} is past_due{} and its grace period ended{}",
            newest.past_due_since.map(|at| format!(" since {}", day(at))).unwrap_or_default(),
            newest
                .grace_until
                .filter(|until| *until <= now)
                .map(|at| format!(" on {}", day(at)))
                .unwrap_or_default(),
        ),
        _ if newest.pause_behavior.as_deref() == Some("void") => {
            format!("the payments of {id} are paused and void")
        }
        status => format!("{id} is {status}, which grants nothing"),
    }
}
