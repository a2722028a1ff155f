//! What goes on in a world: history at Stripe, events that are delivered, readers who ask.

use std::time::Duration;

use serde_json::{Value, json};
use stripe_emulator::sign;

use super::answers::Having;
use super::function::Reply;
use super::{Fault, Tally, World};
use crate::event::envelope;
use crate::granting::{self, Known};
use crate::model::{Act, Organization, Step};

/// Events that may be on their way before Stripe makes more.
const MOST_WAITING: usize = 30;

impl World {
    /// Makes the fault while events come in and readers ask, until all is quiet again.
    ///
    /// # Errors
    /// What was wrong meanwhile.
    pub async fn live(&self, fault: &Fault) -> Result<(), String> {
        let trouble = async {
            // What the subscriptions began with is out of the way.
            let begun = self.until(|| self.post.waiting() < MOST_WAITING, "the first events to be taken");
            let played = match begun.await {
                Ok(()) => (fault.play)(self).await,
                Err(problem) => Err(problem),
            };
            if let Err(problem) = played {
                self.fail(problem);
            }
            self.post.close();
        };
        let workers = (0..self.webhook.count()).map(|number| self.deliver(number as u64));
        let readers = (0..self.reader.count()).map(|_| self.read());
        let (workers, readers) =
            (futures_util::future::join_all(workers), futures_util::future::join_all(readers));
        futures_util::join!(trouble, self.history(), workers, readers);
        self.problem.borrow_mut().take().map_or(Ok(()), Err)
    }

    /// Does something at Stripe, to the subscription or the organization of this number.
    pub fn step(&self, act: Act, target: usize) {
        self.model.act(&self.t, &Step { pass_ms: 0, act, target });
        self.see();
        self.post.collect(&self.t, false, &mut self.random(1000 + target as u64));
    }

    /// Delivers an event once, and keeps what is answered.
    pub async fn send(&self, event: &Value) -> bool {
        let body = event.to_string();
        let signature = sign(body.as_bytes(), &self.secret.borrow(), self.t.now());
        let headers = json!({ "stripe-signature": signature });
        let request = envelope("POST", "/api/webhooks/stripe", "", &headers, Some(body));
        let reply = self.webhook.call(&request).await;
        match reply {
            Some(Reply { status: 200, body, .. }) => {
                let outcome = body["outcome"].as_str().unwrap_or_default();
                self.applied.set(self.applied.get() + usize::from(outcome != "duplicate"));
                self.post.note(event, outcome);
                return true;
            }
            Some(reply) if reply.status < 500 => self.fail(format!("{event} was refused: {reply:?}")),
            _ => {}
        }
        self.count(|tally| tally.failed += 1);
        false
    }

    /// The delivery of an event with a signature that nobody made. It must be refused.
    pub fn forged(&self, event: &Value) -> Value {
        let headers = json!({ "stripe-signature": format!("t={},v1={}", self.t.now(), "0".repeat(64)) });
        envelope("POST", "/api/webhooks/stripe", "", &headers, Some(event.to_string()))
    }

    /// What a reader asks.
    pub fn question(organization: &Organization) -> Value {
        let query = format!("orgId={}", organization.id);
        envelope("GET", "/api/entitlements", &query, &json!({ "x-user-id": organization.user }), None)
    }

    fn is_over(&self) -> bool {
        self.post.is_done() || !self.is_well()
    }

    fn count(&self, change: impl FnOnce(&mut Tally)) {
        let mut tally = self.tally.get();
        change(&mut tally);
        self.tally.set(tally);
    }

    async fn history(&self) {
        let mut random = self.random(u64::MAX);
        while !self.is_quiet && !self.post.is_closed() {
            if self.post.waiting() < MOST_WAITING {
                let act = match random.u32(..10) {
                    0..5 => Act::ChangeQuantity,
                    5..7 => Act::ChangePlan { price: random.usize(..4) },
                    7 => Act::Renew { succeeds: true },
                    8 => Act::PauseCollection { void: random.bool() },
                    _ => Act::ResumeCollection,
                };
                self.step(act, random.usize(..1000));
            }
            tokio::time::sleep(Duration::from_millis(random.u64(5..40))).await;
        }
    }

    /// Looks at what each organization has at Stripe now.
    pub(super) fn see(&self) {
        let all = self.t.stripe.subscriptions();
        for organization in &self.model.organizations {
            let its: Vec<&Value> =
                all.iter().filter(|one| self.model.whose(one).as_ref() == Some(&organization.id)).collect();
            let plans = granting::plans(&self.t, its.iter().copied(), Known::Events);
            let seats: i64 = its.iter().map(|one| granting::seats(one)).sum();
            let plan = plans.last().copied().unwrap_or("pilot").to_owned();
            let now: Having = (plan, seats.max(1));
            self.answers.happened(&organization.id, now, its.len() > 1);
        }
    }

    async fn deliver(&self, number: u64) {
        let mut random = self.random(number);
        while !self.is_over() {
            let Some((event, tries)) = self.post.take(&mut random) else {
                tokio::time::sleep(Duration::from_millis(2)).await;
                continue;
            };
            if !self.send(&event).await {
                let pause = (20 << tries.min(4)) + random.u64(..20);
                tokio::time::sleep(Duration::from_millis(pause)).await;
                self.post.come_again(event, tries + 1);
            }
            self.post.done();
        }
    }

    async fn read(&self) {
        // Where little happens, little is new to be read.
        let pause = Duration::from_millis(if self.is_quiet { 50 } else { 10 });
        while !self.is_over() {
            for organization in &self.model.organizations {
                let asked = self.answers.ask(&organization.id);
                let reply = self.reader.call(&Self::question(organization)).await;
                let is_refused = reply.as_ref().is_some_and(|reply| reply.status == 503);
                self.count(|tally| {
                    (tally.reads, tally.refused) = (tally.reads + 1, tally.refused + usize::from(is_refused))
                });
                // None: its process was ended.
                if let Some(Err(problem)) =
                    reply.map(|reply| self.answers.judge(&organization.id, asked, &reply))
                {
                    self.fail(problem);
                }
                if self.is_over() {
                    return;
                }
                tokio::time::sleep(pause).await;
            }
        }
    }
}
