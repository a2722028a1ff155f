//! What readers may be told: only what was true at some time, and never something older than what they were
//! told before.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::function::Reply;

/// A plan's code and seats.
pub type Having = (String, i64);

/// What each organization had, in Stripe's order, and up to where readers have seen it.
#[derive(Debug, Default)]
pub struct Answers {
    of: RefCell<BTreeMap<String, Story>>,
    losses: Cell<usize>,
}

/// Up to where readers had seen an organization's story when another one began to ask.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    seen: usize,
    losses: usize,
}

#[derive(Debug, Default)]
struct Story {
    had: Vec<Having>,
    seen: usize,
    /// It has several subscriptions, whose changes can become visible in any order.
    is_mixed: bool,
}

impl Answers {
    /// From now on, the organization has this at Stripe.
    pub fn happened(&self, org: &str, now: Having, is_mixed: bool) {
        let mut all = self.of.borrow_mut();
        let story = all.entry(org.to_owned()).or_default();
        story.is_mixed |= is_mixed;
        if story.had.last() != Some(&now) {
            story.had.push(now);
        }
    }

    /// What was committed was lost: older answers are right again.
    pub fn lost(&self) {
        self.losses.set(self.losses.get() + 1);
        self.of.borrow_mut().values_mut().for_each(|story| story.seen = 0);
    }

    /// What it has now.
    pub fn last(&self, org: &str) -> Option<Having> {
        self.of.borrow().get(org).and_then(|story| story.had.last().cloned())
    }

    /// A reader begins to ask.
    pub fn ask(&self, org: &str) -> Asked {
        let seen = self.of.borrow().get(org).map_or(0, |story| story.seen);
        Asked { seen, losses: self.losses.get() }
    }

    /// Judges what a reader was told. Of two who asked at the same time, either may be told the older state.
    ///
    /// # Errors
    /// Why it is wrong.
    pub fn judge(&self, org: &str, asked: Asked, reply: &Reply) -> Result<(), String> {
        let wrong = |what: &str| Err(format!("{org}: {what}: {} {}", reply.status, reply.body));
        if reply.status == 503 {
            let code = reply.body["code"].as_str().unwrap_or_default();
            return match &reply.headers["retry-after"] {
                serde_json::Value::String(_) if code == "database_unavailable" => Ok(()),
                _ => wrong("the refusal does not say when to come back, or what is ill"),
            };
        }
        if reply.status != 200 {
            return wrong("a reader was told of an error that it can do nothing about");
        }
        let plan = reply.body["planCode"].as_str().unwrap_or_default();
        let flags = reply.body["entitlements"].as_object();
        let flags = flags.map_or(0, |flags| flags.values().filter(|on| **on == true).count());
        if !matches!((plan, flags), ("pilot", 1) | ("pro", 7) | ("enterprise", 11)) {
            return wrong("a plan without exactly its flags");
        }
        let mut all = self.of.borrow_mut();
        let Some(story) = all.get_mut(org) else { return wrong("nothing was ever true") };
        if story.is_mixed || asked.losses != self.losses.get() {
            return Ok(());
        }
        let told = (plan.to_owned(), reply.body["seats"].as_i64().unwrap_or_default());
        match story.had[asked.seen..].iter().position(|had| *had == told) {
            Some(further) => {
                story.seen = story.seen.max(asked.seen + further);
                Ok(())
            }
            None if story.had.contains(&told) => wrong("older than what was told before"),
            None => wrong("this was never true"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(plan: &str, seats: i64) -> Reply {
        let count = match plan {
            "pilot" => 1,
            "pro" => 7,
            _ => 11,
        };
        let flags: serde_json::Map<_, _> =
            (0..count).map(|number| (format!("flag{number}"), json!(true))).collect();
        let body = json!({ "planCode": plan, "seats": seats, "entitlements": flags });
        Reply { status: 200, headers: json!({}), body }
    }

    fn failed(status: u16, headers: serde_json::Value, code: &str) -> Reply {
        Reply { status, headers, body: json!({ "code": code }) }
    }

    fn story() -> Answers {
        let answers = Answers::default();
        for now in [("pilot", 1), ("pro", 2), ("pro", 3)] {
            answers.happened("o", (now.0.to_owned(), now.1), false);
        }
        answers
    }

    #[test]
    fn what_was_true_in_this_order_is_right() {
        let answers = story();
        for (plan, seats) in [("pilot", 1), ("pilot", 1), ("pro", 3), ("pro", 3)] {
            assert_eq!(answers.judge("o", answers.ask("o"), &told(plan, seats)), Ok(()));
        }
        assert_eq!(
            answers.judge(
                "o",
                answers.ask("o"),
                &failed(503, json!({ "retry-after": "2" }), "database_unavailable")
            ),
            Ok(())
        );
    }

    #[test]
    fn what_was_never_true_or_is_older_than_what_was_told_is_noticed() {
        let answers = story();
        assert_eq!(answers.judge("o", answers.ask("o"), &told("pro", 3)), Ok(()));
        assert!(answers.judge("o", answers.ask("o"), &told("pro", 2)).unwrap_err().contains("older"));
        assert!(
            answers.judge("o", answers.ask("o"), &told("enterprise", 5)).unwrap_err().contains("never true")
        );
        let (first, second) = (answers.ask("o"), answers.ask("o"));
        answers.happened("o", ("pro".to_owned(), 4), false);
        assert_eq!(answers.judge("o", first, &told("pro", 4)), Ok(()));
        assert_eq!(answers.judge("o", second, &told("pro", 3)), Ok(()), "they asked at the same time");
        let mut half = told("pro", 3);
        half.body["entitlements"]["flag0"] = json!(false);
        assert!(answers.judge("o", answers.ask("o"), &half).unwrap_err().contains("its flags"));
        answers.lost();
        assert_eq!(answers.judge("o", answers.ask("o"), &told("pro", 2)), Ok(()));
    }

    #[test]
    fn a_refusal_without_retry_after_and_any_other_error_are_noticed() {
        let answers = story();
        for reply in [
            failed(503, json!({}), "database_unavailable"),
            failed(503, json!({ "retry-after": "2" }), "internal"),
            failed(500, json!({}), "internal"),
        ] {
            assert!(answers.judge("o", answers.ask("o"), &reply).is_err(), "{reply:?}");
        }
    }
}
