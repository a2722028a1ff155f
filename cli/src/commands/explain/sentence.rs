//! The sentence on top: what the organization has, and because of what.

use jiff::Timestamp;
use shared::domain::status::Status;

use super::facts::Explanation;
use super::reason;
use super::subscription::{Subscription, told};
use crate::when::day;

/// Says in one sentence what the organization has, and why; in more, what somebody should know besides.
pub fn of(facts: &Explanation, now: Timestamp) -> String {
    let mut sentences = vec![first(facts)];
    sentences.extend(facts.decisive().and_then(unpaid_change));
    sentences.extend(unknown_prices(facts));
    sentences.extend(several(facts, now));
    sentences.extend(facts.charges.iter().filter(|charge| charge.is_disputed()).map(|charge| {
        let status = charge.dispute_status.as_deref().unwrap_or_default();
        format!("Its payment {} is disputed ({status}).", charge.stripe_charge_id)
    }));
    match facts.flags.iter().filter(|flag| flag.source == "override").count() {
        0 => {}
        1 => sentences.push("One flag is decided by an override.".to_owned()),
        many => sentences.push(format!("{many} flags are decided by overrides.")),
    }
    sentences.join(" ")
}

fn first(facts: &Explanation) -> String {
    let (name, plan) = (facts.organization.short(), &facts.plan.plan_code);
    match (facts.decisive(), facts.plan.reason.as_deref()) {
        _ if facts.by_hand => {
            format!("{name} has {plan} because it was set by hand: no subscription pays for it.")
        }
        (Some(one), Some(word)) => format!("{name} has {plan} because {}.", reason::because(word, one)),
        (Some(one), None) => granted(&name, plan, one),
        (None, _) if plan != "pilot" => format!(
            "{name} has {plan}, and no subscription explains it: run billing backfill --org {}.",
            facts.organization.id
        ),
        (None, _) => match facts.subscriptions.first() {
            Some(other) => format!(
                "{name} has {plan} because {} is of test mode, which grants nothing since the first live \
                 customer came.",
                other.stripe_subscription_id
            ),
            None => format!("{name} has {plan} because it never had a subscription."),
        },
    }
}

fn granted(name: &str, plan: &str, one: &Subscription) -> String {
    let id = one.called();
    let until = |at: Option<Timestamp>| at.map(|at| format!(" until {}", day(at))).unwrap_or_default();
    match (&one.status, one.cancel_at) {
        (Status::PastDue, _) => {
            let since = one.past_due_since.map(|at| format!(" since {}", day(at))).unwrap_or_default();
            let stays = until(one.grace_until);
            format!("{name} is past_due{since} with {id}; {plan} stays{stays}, unless it is paid before.")
        }
        (status, Some(ends)) => {
            format!("{name} has {plan} until {}: {id} is {status} and canceled as of then.", day(ends))
        }
        (Status::Trialing, None) => {
            format!("{name} has {plan} because {id} is trialing{}.", until(one.trial_end))
        }
        (status, None) => match &one.pause_behavior {
            Some(behavior) => format!(
                "{name} has {plan} because {id} is {status}, though Stripe collects nothing for it \
                 ({behavior})."
            ),
            None => {
                let then = until(one.current_period_end);
                format!("{name} has {plan} because {id} is {status}{then}, when it renews.")
            }
        },
    }
}

/// A change whose payment failed: what was paid last stays.
fn unpaid_change(one: &Subscription) -> Option<String> {
    let paid = one.paid_last()?;
    Some(format!("It is to pay for {}, and what it paid last was {paid}.", told(&one.items)))
}

/// Prices that nobody knows, where another item or subscription gives the plan.
fn unknown_prices(facts: &Explanation) -> Vec<String> {
    let is_told = |one: &Subscription| {
        facts.plan.reason.as_deref() == Some("unknown_price")
            && facts.plan.stripe_subscription_id.as_deref() == Some(&one.stripe_subscription_id)
    };
    let live = facts.subscriptions.iter().filter(|one| one.counts && one.status.is_live() && !is_told(one));
    live.filter_map(|one| {
        let price = one.unknown_price.as_deref().filter(|price| *price != "none")?;
        Some(format!(
            "Nothing is known for {price} of {}: type billing products adopt {price} --plan PLAN.",
            one.stripe_subscription_id
        ))
    })
    .collect()
}

/// Several subscriptions that grant a plan: its own charge it twice, a stranger's add to them.
fn several(facts: &Explanation, now: Timestamp) -> Vec<String> {
    let granting = || facts.subscriptions.iter().filter(|one| one.grants(now));
    let own = granting().filter(|one| one.own).count();
    let mut sentences = Vec::new();
    if own > 1 {
        sentences.push(format!("{own} subscriptions are live at once: it pays for each."));
    }
    let explains = facts.plan.stripe_subscription_id.as_deref();
    let strangers = granting().filter(|one| !one.own && explains != Some(&one.stripe_subscription_id));
    sentences.extend(strangers.map(|one| format!("{} adds to it.", one.called())));
    sentences
}
