//! What time does: renewals, ends, retries and expiries, each carried out at the second it is due.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use serde_json::Value;

use super::checkout;
use super::discount;
use super::pending_update;
use super::subscription;
use super::subscription_items::period;
use crate::store::{Kind, Store};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::value::{number, text};

const DAY: i64 = 86_400;
const TRIAL_NOTICE: i64 = 3 * DAY;
const INCOMPLETE_FOR: i64 = 23 * 3_600;

/// What is due next for one object. The order is the one in which things due at the same second happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    TellOfTrialEnd,
    CollectAgain,
    GiveUpdateUp,
    Retry,
    EndDiscount,
    End,
    Renew,
    ExpireSubscription,
    ExpireSession,
}

/// Carries out everything that is due until then, for the customers of one test clock or of none.
pub(crate) fn run(store: &mut Store, clock: Option<&str>, until: i64) {
    let mut queue: BinaryHeap<Reverse<(i64, Step, String)>> = BinaryHeap::new();
    let on_clock = |row: &&Value| row["test_clock"].as_str() == clock;
    let subscriptions = store.rows(Kind::Subscription).iter().filter(on_clock);
    queue.extend(subscriptions.filter_map(|row| next(store, row)).map(Reverse));
    if clock.is_none() {
        let open = store.rows(Kind::CheckoutSession).iter().filter(|row| row["status"] == "open");
        let expiry =
            |row: &Value| (number(&row["expires_at"]), Step::ExpireSession, text(&row["id"]).to_owned());
        queue.extend(open.map(expiry).map(Reverse));
    }
    while let Some(Reverse((at, step, id))) = queue.pop() {
        if at > until {
            break;
        }
        store.clock.lend(Some(at));
        let before = store.table(Kind::Subscription).get(&id).cloned();
        // A step that is refused is not due any more; the object stays as it is.
        let done = carry_out(store, step, &id).is_ok();
        let after = store.table(Kind::Subscription).get(&id);
        if let Some(after) = after.filter(|after| done && before.as_ref() != Some(*after)) {
            queue.extend(next(store, after).map(Reverse));
        }
    }
    store.clock.lend(None);
}

fn next(store: &Store, subscription: &Value) -> Option<(i64, Step, String)> {
    let status = text(&subscription["status"]);
    let mut steps = Vec::new();
    match status {
        "incomplete" => {
            steps.push((number(&subscription["created"]) + INCOMPLETE_FOR, Step::ExpireSubscription));
        }
        "active" | "past_due" | "trialing" | "unpaid" => {
            steps.push((period(subscription).end, Step::Renew));
            steps.extend(subscription["cancel_at"].as_i64().map(|at| (at, Step::End)));
            let resumes = &subscription["pause_collection"]["resumes_at"];
            steps.extend(resumes.as_i64().map(|at| (at, Step::CollectAgain)));
            steps.extend(discount::first_end(store, subscription).map(|at| (at, Step::EndDiscount)));
        }
        _ => return None,
    }
    steps.extend(pending_update::expires_at(subscription).map(|at| (at, Step::GiveUpdateUp)));
    if status == "trialing" && subscription["_trial_told"] != true {
        steps.push((number(&subscription["trial_end"]) - TRIAL_NOTICE, Step::TellOfTrialEnd));
    }
    if status == "past_due" {
        let invoice = store.table(Kind::Invoice).get(text(&subscription["latest_invoice"]));
        let retry = invoice.and_then(|invoice| invoice["next_payment_attempt"].as_i64());
        steps.extend(retry.map(|at| (at, Step::Retry)));
    }
    let (at, step) = steps.into_iter().min()?;
    // Nothing becomes due before the object existed.
    Some((at.max(number(&subscription["created"])), step, text(&subscription["id"]).to_owned()))
}

fn carry_out(store: &mut Store, step: Step, id: &str) -> Answer {
    match step {
        Step::TellOfTrialEnd => subscription::tell_of_trial_end(store, id),
        Step::CollectAgain => store.change(Kind::Subscription, id, "customer.subscription.updated", |row| {
            row["pause_collection"] = Value::Null;
        }),
        Step::GiveUpdateUp => pending_update::expire(store, id),
        Step::Retry => retry(store, id),
        Step::EndDiscount => discount::end_due(store, id),
        Step::End => subscription::end(store, id, "canceled", Some("cancellation_requested")),
        Step::Renew => renew(store, id),
        Step::ExpireSubscription => subscription::expire(store, id),
        Step::ExpireSession => checkout::expire(store, id),
    }
}

fn renew(store: &mut Store, id: &str) -> Answer {
    let subscription = store.get(Kind::Subscription, id)?;
    let lacks_card = subscription["_no_card"] == true && subscription["status"] == "trialing";
    let without_card = text(&subscription["trial_settings"]["end_behavior"]["missing_payment_method"]);
    match without_card {
        "pause" if lacks_card => subscription::pause(store, id),
        "cancel" if lacks_card => subscription::end(store, id, "canceled", None),
        _ => {
            let succeeds = subscription["_card_declines"] != true;
            subscription::renew(store, id, succeeds)
        }
    }
}

fn retry(store: &mut Store, id: &str) -> Result<Value, ApiError> {
    let invoice = text(&store.get(Kind::Subscription, id)?["latest_invoice"]).to_owned();
    subscription::charge(store, id, &invoice)?;
    // The next attempt stands on the invoice: the subscription looks the same while it waits.
    store.alter(Kind::Subscription, id, |row| row["_retries"] = (number(&row["_retries"]) + 1).into())
}
