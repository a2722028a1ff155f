//! Why a subscription grants no more than the plan that everybody has, in a clause: one for each word of
//! `billing_private.reason`.

use jiff::Timestamp;
use shared::domain::status::Status;

use super::subscription::Subscription;
use crate::when::day;

/// What stands after "has pilot because". A word that a newer database says is told as it is.
pub fn because(word: &str, of: &Subscription) -> String {
    let id = of.called();
    let on = |at: Option<Timestamp>| at.map(|at| format!(" on {}", day(at))).unwrap_or_default();
    let since = || of.past_due_since.map(|at| format!(" since {}", day(at))).unwrap_or_default();
    match word {
        "ended" if of.status == Status::IncompleteExpired => {
            format!("the first payment of {id} was never made")
        }
        "ended" => {
            format!(
                "its last subscription {id} was canceled on {}",
                day(of.ended_at.unwrap_or(of.updated_at))
            )
        }
        "collection_paused" => format!("the payments of {id} are paused and void"),
        "never_paid" => {
            format!("{id} is past_due{} and was never paid: a trial has no grace period", since())
        }
        "grace_over" => {
            format!("{id} is past_due{} and its grace period ended{}", since(), on(of.grace_until))
        }
        "unpaid" => format!("{id} is unpaid, which grants nothing: Stripe has given up on its payment"),
        "paused" => format!("{id} is paused: it grants nothing until it is taken up again at Stripe"),
        "trial_over" => {
            format!("the trial of {id} is over, and it is paused until there is a payment method")
        }
        "first_payment_open" => format!("the first payment of {id} is still open"),
        "unknown_status" => format!("{id} is {}, a status that grants nothing", of.status),
        "unknown_price" => match of.unknown_price.as_deref() {
            Some("none") | None => format!("{id} is {} and has no price", of.status),
            Some(price) => format!(
                "{id} is {} at {price}, and no plan is known for that price: type billing products adopt \
                 {price} --plan PLAN",
                of.status
            ),
        },
        "quantity_zero" => format!("{id} is {} with a quantity of 0", of.status),
        "addon_only" => format!("{id} sells no plan, only seats or add-ons"),
        "free_plan" => format!("{id} is for {}, which is the free plan", of.plan_code),
        word => format!("{id} is {} and grants no more ({word})", of.status),
    }
}
