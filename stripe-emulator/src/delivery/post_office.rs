//! Delivery of events to webhook endpoints: signed anew for every attempt, retried with backoff, and on demand
//! held, shuffled, duplicated, delayed or dropped.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::signature::sign;
use crate::emulator::Emulator;
use crate::store::clock::wall_seconds;
use crate::store::events::DeliveryState;
use crate::store::{Kind, Store, text};
use crate::wire::errors::ApiError;
use crate::wire::versions::NEWEST;

/// One event on its way to one endpoint.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    event: String,
    endpoint: String,
    attempt: usize,
}

impl Post {
    pub(crate) fn first(event: &str, endpoint: &str) -> Post {
        Post { event: event.to_owned(), endpoint: endpoint.to_owned(), attempt: 0 }
    }
}

/// How new events are delivered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeliveryMode {
    /// Queue events until they are released.
    pub hold: bool,
    /// Never deliver.
    pub drop: bool,
    /// Deliver every event twice, at the same time.
    pub duplicate: bool,
    /// Deliver every event this much later.
    pub delay_ms: u64,
}

/// The order in which held events are released.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// As they happened.
    #[default]
    InOrder,
    /// The newest first.
    Reversed,
    /// At random.
    Shuffled,
}

/// What waits to be sent.
#[derive(Debug, Default)]
pub(crate) struct PostOffice {
    queues: Mutex<Queues>,
}

#[derive(Debug, Default)]
struct Queues {
    mode: DeliveryMode,
    held: Vec<Post>,
    /// Posts of a lane go out one after another, lanes at the same time. A lane exists while it is worked on.
    lanes: HashMap<String, VecDeque<Post>>,
}

impl PostOffice {
    fn with<T>(&self, work: impl FnOnce(&mut Queues) -> T) -> T {
        work(&mut self.queues.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Emulator {
    /// How events are delivered from now on.
    pub fn set_delivery(&self, mode: DeliveryMode) {
        self.post_office().with(|queues| queues.mode = mode);
    }

    /// How events are delivered at the moment.
    pub fn delivery(&self) -> DeliveryMode {
        self.post_office().with(|queues| queues.mode)
    }

    /// Queues up events until [`Emulator::release`].
    pub fn hold(&self) {
        self.post_office().with(|queues| queues.mode.hold = true);
    }

    /// Ends the hold and sends what was held, one after another in this order. Answers how many there were.
    pub fn release(&self, order: Order) -> usize {
        let mut held = self.post_office().with(|queues| {
            queues.mode.hold = false;
            std::mem::take(&mut queues.held)
        });
        match order {
            Order::InOrder => {}
            Order::Reversed => held.reverse(),
            Order::Shuffled => fastrand::shuffle(&mut held),
        }
        let count = held.len();
        held.into_iter().for_each(|post| self.enqueue("released", post));
        count
    }

    /// Sends an event again to every endpoint it was addressed to, after a delay, past every hold.
    pub fn deliver(&self, event: &str, delay: Duration) -> Result<(), ApiError> {
        self.deliver_copy(event, delay, "again")
    }

    /// Sends two copies of an event at the same time, after a delay.
    pub fn deliver_twice(&self, event: &str, delay: Duration) -> Result<(), ApiError> {
        self.deliver_copy(event, delay, "one")?;
        self.deliver_copy(event, delay, "two")
    }

    fn deliver_copy(&self, event: &str, delay: Duration, copy: &str) -> Result<(), ApiError> {
        for post in self.act(|store| store.posts_of(event))? {
            let (emulator, lane) = (self.clone(), format!("{copy} {} {event}", post.endpoint));
            self.spawn(async move {
                tokio::time::sleep(delay).await;
                emulator.enqueue(&lane, post);
            });
        }
        Ok(())
    }

    /// Takes an event out of delivery for good: no held copy, no retry.
    pub fn drop_event(&self, event: &str) -> Result<(), ApiError> {
        self.post_office().with(|queues| queues.held.retain(|post| post.event != event));
        let posts = self.act(|store| store.posts_of(event))?;
        posts.iter().for_each(|post| self.mark(post, DeliveryState::Dropped));
        Ok(())
    }

    /// Sends fresh events the way the current mode asks for.
    pub(crate) fn dispatch(&self, posts: Vec<Post>) {
        let mode = self.delivery();
        for post in posts {
            if mode.drop {
                self.mark(&post, DeliveryState::Dropped);
            } else if mode.hold {
                self.mark(&post, DeliveryState::Held);
                self.post_office().with(|queues| queues.held.push(post));
            } else if mode.delay_ms > 0 {
                self.later(post, Duration::from_millis(mode.delay_ms));
            } else {
                self.send(post, mode.duplicate);
            }
        }
    }

    fn later(&self, post: Post, delay: Duration) {
        let emulator = self.clone();
        self.spawn(async move {
            tokio::time::sleep(delay).await;
            let duplicate = emulator.delivery().duplicate && post.attempt == 0;
            emulator.send(post, duplicate);
        });
    }

    fn send(&self, post: Post, duplicate: bool) {
        let lane = self.act(|store| store.events.get(&post.event).map(|event| event.lane().to_owned()));
        let lane = format!("{} {}", post.endpoint, lane.unwrap_or_default());
        if duplicate {
            self.enqueue(&format!("{lane} twice"), post.clone());
        }
        self.enqueue(&lane, post);
    }

    fn enqueue(&self, lane: &str, post: Post) {
        let starts = self.post_office().with(|queues| {
            let starts = !queues.lanes.contains_key(lane);
            queues.lanes.entry(lane.to_owned()).or_default().push_back(post);
            starts
        });
        if starts {
            let (emulator, lane) = (self.clone(), lane.to_owned());
            self.spawn(async move { emulator.work_off(&lane).await });
        }
    }

    async fn work_off(&self, lane: &str) {
        loop {
            let next = self.post_office().with(|queues| {
                let next = queues.lanes.get_mut(lane).and_then(VecDeque::pop_front);
                if next.is_none() {
                    queues.lanes.remove(lane);
                }
                next
            });
            let Some(post) = next else { return };
            self.attempt(post).await;
        }
    }

    async fn attempt(&self, post: Post) {
        let Some(letter) = self.act(|store| store.letter(&post)) else { return };
        let signature = sign(letter.body.as_bytes(), &letter.secret, wall_seconds());
        let request = self
            .http()
            .post(&letter.url)
            .header("content-type", "application/json; charset=utf-8")
            .header("user-agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
            .header("stripe-signature", signature)
            .body(letter.body);
        let status = request.send().await.map_or(0, |answer| answer.status().as_u16());
        let succeeded = (200..300).contains(&status);
        let delay = self.retry_delays().get(post.attempt).copied();
        let state = match (succeeded, delay) {
            (true, _) => DeliveryState::Succeeded,
            (false, Some(_)) => DeliveryState::Pending,
            (false, None) => DeliveryState::Failed,
        };
        self.act(|store| store.note_attempt(&post, status, state));
        if let (false, Some(delay)) = (succeeded, delay) {
            self.later(Post { attempt: post.attempt + 1, ..post }, delay);
        }
    }

    fn mark(&self, post: &Post, state: DeliveryState) {
        self.act(|store| {
            if let Some(delivery) = store.delivery_mut(&post.event, &post.endpoint) {
                delivery.state = state;
            }
        });
    }
}

/// What is put on the wire.
struct Letter {
    url: String,
    secret: String,
    body: String,
}

impl Store {
    fn posts_of(&self, event: &str) -> Result<Vec<Post>, ApiError> {
        let found =
            self.events.get(event).ok_or_else(|| ApiError::no_such("event", event, "event").status(404))?;
        Ok(found.deliveries.iter().map(|delivery| Post::first(event, &delivery.endpoint)).collect())
    }

    /// The letter of a post, unless it was dropped or its endpoint is gone or disabled.
    fn letter(&self, post: &Post) -> Option<Letter> {
        let endpoint = self.table(Kind::WebhookEndpoint).get(&post.endpoint)?;
        let event = self.events.get(&post.event)?;
        let delivery = event.deliveries.iter().find(|delivery| delivery.endpoint == post.endpoint)?;
        let is_wanted = delivery.state != DeliveryState::Dropped && endpoint["status"] == "enabled";
        let version = endpoint["api_version"].as_str().unwrap_or(NEWEST);
        is_wanted.then(|| Letter {
            url: text(&endpoint["url"]).to_owned(),
            secret: text(&endpoint["_secret"]).to_owned(),
            body: pretty(&event.render(version)),
        })
    }

    fn note_attempt(&mut self, post: &Post, status: u16, state: DeliveryState) {
        if let Some(delivery) = self.delivery_mut(&post.event, &post.endpoint) {
            delivery.attempts.push(status);
            // A duplicate or a late copy that fails does not undo a success.
            if !matches!(delivery.state, DeliveryState::Succeeded | DeliveryState::Dropped) {
                delivery.state = state;
            }
        }
    }
}

/// Stripe sends indented bodies, so a receiver that parses and prints before it verifies is found out.
fn pretty(event: &Value) -> String {
    serde_json::to_string_pretty(event).unwrap_or_default()
}
