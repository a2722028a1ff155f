//! Delivery as a network, a crashing process and a struggling Stripe make it: any order, several times, from
//! several tasks, cut off anywhere. What is not answered with 200 comes again.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use serde_json::{Value, json};
use shared::billing::limits::Limits;
use shared::billing::reconcile::{Sweep, sweep};
use shared::db::subscriptions::Purpose;
use stripe_emulator::Fault;

use super::Tally;
use crate::{Answer, TestApp};

/// The shapes of snapshot events. The third form is the thin one.
const SHAPES: [&str; 2] = ["2026-10-28.endive", "2024-06-20"];
/// Deliveries of one copy before it counts as lost.
const MOST_ATTEMPTS: u32 = 200;

/// By event id: its type, and the outcomes that were answered.
pub(crate) type Outcomes = BTreeMap<String, (String, Vec<String>)>;

/// The events that are on their way.
#[derive(Default)]
pub struct Post {
    /// Each copy, and how often it was tried.
    pending: RefCell<Vec<(Value, u32)>>,
    in_work: Cell<usize>,
    collected: Cell<usize>,
    closed: Cell<bool>,
    /// What was answered until now.
    pub outcomes: RefCell<Outcomes>,
    attempts: Cell<usize>,
    crashes: Cell<usize>,
}

impl Post {
    /// Takes in Stripe's new events, each 1 to 4 times and in either shape; with `thin`, as thin events too;
    /// and beside some of them one that says the opposite of a connected account.
    pub fn collect(&self, t: &TestApp, thin: bool, random: &mut fastrand::Rng) {
        for event in t.stripe.events_after(self.collected.get()) {
            self.collected.set(self.collected.get() + 1);
            let id = event["id"].as_str().expect("an id");
            for _ in 0..random.u32(1..=4) {
                let shape = SHAPES[random.usize(..SHAPES.len())];
                let copy = t.stripe.event_as(id, shape).expect("the event");
                self.pending.borrow_mut().push((copy, 0));
            }
            if thin {
                self.pending.borrow_mut().push((t.stripe.event_as_thin(id).expect("the event"), 0));
            }
            if random.u32(..8) == 0 {
                self.pending.borrow_mut().push((of_another_account(&event), 0));
            }
        }
    }

    /// Stripe makes no more events.
    pub fn close(&self) {
        self.closed.set(true);
    }

    /// Whether Stripe makes no more events.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// Everything is delivered.
    pub fn is_done(&self) -> bool {
        self.closed.get() && self.is_idle()
    }

    /// Delivers until everything is.
    ///
    /// # Errors
    /// If an event is refused for good, or comes too often.
    pub async fn work(&self, t: &TestApp, seed: u64) -> Result<(), String> {
        let mut random = fastrand::Rng::with_seed(seed);
        while !self.is_done() {
            let Some((event, tries)) = self.take(&mut random) else {
                tokio::time::sleep(Duration::from_millis(1)).await;
                continue;
            };
            if tries > MOST_ATTEMPTS {
                return Err(format!("{} was never taken: {event}", event["id"]));
            }
            // Trouble ends with time, as everywhere: the later tries are undisturbed.
            let answer = if tries < 3 {
                self.disturbed(t, &event, &mut random).await
            } else {
                Some(t.deliver(&event).await)
            };
            match answer {
                Some(answer) if answer.status == 200 => self.note(&event, answer.text("/outcome")),
                // Its organization is told by another event, which comes later.
                Some(answer) if answer.text("/code") == "missing_org_id" => {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    self.come_again(event, tries + 1);
                }
                Some(answer) if answer.status < 500 => {
                    return Err(format!("{event} was refused: {}", answer.body));
                }
                _ => self.come_again(event, tries + 1),
            }
            self.done();
        }
        Ok(())
    }

    /// Any event that waits, and how often it was tried; it is in work until [`done`](Self::done).
    pub(crate) fn take(&self, random: &mut fastrand::Rng) -> Option<(Value, u32)> {
        let mut pending = self.pending.borrow_mut();
        let count = pending.len();
        let taken = (count > 0).then(|| pending.swap_remove(random.usize(..count)))?;
        self.in_work.set(self.in_work.get() + 1);
        self.attempts.set(self.attempts.get() + 1);
        Some(taken)
    }

    /// An event that was not taken waits again.
    pub(crate) fn come_again(&self, event: Value, tries: u32) {
        self.pending.borrow_mut().push((event, tries));
    }

    /// One that was taken for work is not in work any more.
    pub(crate) fn done(&self) {
        self.in_work.set(self.in_work.get() - 1);
    }

    /// Nothing waits and nothing is in work.
    pub(crate) fn is_idle(&self) -> bool {
        self.in_work.get() == 0 && self.pending.borrow().is_empty()
    }

    /// How many wait.
    pub(crate) fn waiting(&self) -> usize {
        self.pending.borrow().len()
    }

    async fn disturbed(&self, t: &TestApp, event: &Value, random: &mut fastrand::Rng) -> Option<Answer> {
        let reads = "/v1/subscriptions/".to_owned();
        match random.u32(..10) {
            // An answer that is old when it comes.
            0..4 => t.stripe.fail(Fault {
                path_prefix: reads,
                status: 200,
                delay_ms: random.u64(1..60),
                ..Fault::default()
            }),
            4 => t.stripe.fail(Fault { path_prefix: reads, status: 402, ..Fault::default() }),
            // What a thin event names.
            5 => {
                t.stripe.fail(Fault { path_prefix: "/v1/invoices/".into(), status: 402, ..Fault::default() })
            }
            _ => {}
        }
        if random.u32(..6) > 0 {
            return Some(t.deliver(event).await);
        }
        let answer = CutOff { work: pin!(t.deliver(event)), polls: random.u32(1..14) }.await;
        self.crashes.set(self.crashes.get() + usize::from(answer.is_none()));
        answer
    }

    /// Keeps what an event was answered.
    pub(crate) fn note(&self, event: &Value, outcome: &str) {
        // Whatever its form, it is one event.
        let id = event["snapshot_event"].as_str().or(event["id"].as_str()).unwrap_or_default();
        let kind = event["type"].as_str().unwrap_or_default().trim_start_matches("v1.");
        let mut outcomes = self.outcomes.borrow_mut();
        if event["account"].is_string() {
            assert_eq!(outcome, "ignored", "{event} is another account's");
            return;
        }
        outcomes
            .entry(id.to_owned())
            .or_insert_with(|| (kind.to_owned(), Vec::new()))
            .1
            .push(outcome.to_owned());
    }

    /// What it came to.
    pub fn tally(&self, t: &TestApp) -> Tally {
        let reads =
            t.stripe.requests().iter().filter(|call| call.path.starts_with("/v1/subscriptions/sub_")).count();
        Tally {
            events: self.collected.get(),
            attempts: self.attempts.get(),
            crashes: self.crashes.get(),
            reads,
        }
    }
}

/// What would end everything, if it were ours.
fn of_another_account(event: &Value) -> Value {
    let mut other = event.clone();
    other["id"] = json!(format!("{}_other", event["id"].as_str().unwrap_or_default()));
    other["account"] = json!("acct_1");
    other["created"] = json!(event["created"].as_i64().unwrap_or_default() + 1_000_000);
    other["data"]["object"]["status"] = json!("canceled");
    other
}

/// Kills a connection of the handlers now and then.
pub async fn kill_connections(t: &TestApp, post: &Post, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    while !post.closed.get() {
        tokio::time::sleep(Duration::from_millis(random.u64(10..60))).await;
        let kill = "select count(pg_terminate_backend(pid)) from (
            select pid from pg_stat_activity where usename = 'billing_events' and datname = current_database()
            order by random() limit 1) one";
        t.value(kill).await;
    }
}

/// Compares all subscriptions with Stripe's again and again, as the reconciliation does: over old answers,
/// cut off in the middle.
pub async fn sweep_all_the_while(t: &TestApp, post: &Post, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed ^ 0x5eed);
    let purpose = Purpose { cause: "sweep", grace_days: t.app.config.grace_days, dry_run: false };
    while !post.is_done() {
        if random.bool() {
            t.stripe.fail(Fault {
                method: Some("GET".to_owned()),
                path_prefix: "/v1/subscriptions".to_owned(),
                status: 200,
                delay_ms: random.u64(1..60),
                ..Fault::default()
            });
        }
        let limits = Limits::default();
        let resources = t.operator.resources();
        let swept = pin!(sweep(&resources, purpose, Sweep::Once, &limits, |_| ()));
        let polls = if random.u32(..4) == 0 { random.u32(1..14) } else { u32::MAX };
        // None: cut off. Err: Stripe failed a read, or a connection was killed.
        let _ = CutOff { work: swept, polls }.await;
        tokio::time::sleep(Duration::from_millis(random.u64(1..30))).await;
    }
}

/// Drops a future after so many polls: the process was gone at that await.
struct CutOff<'a, F> {
    work: Pin<&'a mut F>,
    polls: u32,
}

impl<F: Future> Future for CutOff<'_, F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls == 0 {
            return Poll::Ready(None);
        }
        self.polls -= 1;
        self.work.as_mut().poll(context).map(Some)
    }
}
