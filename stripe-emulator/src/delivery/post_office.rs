//! Delivery of events to webhook endpoints: signed anew for every attempt, retried with backoff, and on
//! demand held, shuffled, duplicated, delayed or dropped.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;

use super::letter::{Letter, note_attempt, posts_of};
use super::mode::{DeliveryMode, Order};
use super::signature::sign;
use crate::store::clock::wall_seconds;
use crate::store::events::DeliveryState;
use crate::store::lock::Locked;
use crate::store::outbox::Post;
use crate::wire::errors::ApiError;

/// Sends what the store has for webhook endpoints. Clones are handles on the same one.
#[derive(Debug, Clone)]
pub(crate) struct PostOffice {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    store: Locked,
    http: reqwest::Client,
    /// How long to wait before each repeated delivery; after the last it has failed.
    retry_delays: Vec<Duration>,
    runtime: Handle,
    stopping: watch::Receiver<bool>,
    queues: Mutex<Queues>,
}

/// What waits to be sent.
#[derive(Debug, Default)]
struct Queues {
    mode: DeliveryMode,
    held: Vec<Post>,
    /// Posts of a lane go out one after another, lanes at the same time. A lane exists while it is worked on.
    lanes: HashMap<String, VecDeque<Post>>,
}

impl PostOffice {
    /// Sends from a store until `stopping` is true.
    ///
    /// # Errors
    /// If there can be no HTTP client.
    pub(crate) fn open(
        store: Locked,
        retry_delays: Vec<Duration>,
        stopping: watch::Receiver<bool>,
    ) -> std::io::Result<PostOffice> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(20))
            .build()
            .map_err(std::io::Error::other)?;
        let (runtime, queues) = (Handle::current(), Mutex::default());
        let shared = Shared { store, http, retry_delays, runtime, stopping, queues };
        Ok(PostOffice { shared: Arc::new(shared) })
    }

    pub(crate) fn set_mode(&self, mode: DeliveryMode) {
        self.with(|queues| queues.mode = mode);
    }

    pub(crate) fn mode(&self) -> DeliveryMode {
        self.with(|queues| queues.mode)
    }

    pub(crate) fn hold(&self) {
        self.with(|queues| queues.mode.hold = true);
    }

    /// Ends the hold and sends what was held, one after another in this order. Answers how many there were.
    pub(crate) fn release(&self, order: Order) -> usize {
        let mut held = self.with(|queues| {
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

    /// Sends an event again to every endpoint it was addressed to, after a delay, past every hold. Copies of
    /// different names are sent at the same time.
    pub(crate) fn deliver_copy(&self, event: &str, delay: Duration, copy: &str) -> Result<(), ApiError> {
        for post in self.shared.store.with(|store| posts_of(store, event))? {
            let (office, lane) = (self.clone(), format!("{copy} {} {event}", post.endpoint));
            self.spawn(async move {
                tokio::time::sleep(delay).await;
                office.enqueue(&lane, post);
            });
        }
        Ok(())
    }

    /// Takes an event out of delivery for good: no held copy, no retry.
    pub(crate) fn drop_event(&self, event: &str) -> Result<(), ApiError> {
        let posts = self.shared.store.with(|store| posts_of(store, event))?;
        let is_dropped = |post: &Post| posts.iter().any(|dropped| dropped.event == post.event);
        self.with(|queues| queues.held.retain(|post| !is_dropped(post)));
        posts.iter().for_each(|post| self.mark(post, DeliveryState::Dropped));
        Ok(())
    }

    /// Sends fresh events the way the current mode asks for.
    pub(crate) fn dispatch(&self, posts: Vec<Post>) {
        let mode = self.mode();
        for post in posts {
            if mode.drop {
                self.mark(&post, DeliveryState::Dropped);
            } else if mode.hold {
                self.mark(&post, DeliveryState::Held);
                self.with(|queues| queues.held.push(post));
            } else if mode.delay_ms > 0 {
                self.later(post, Duration::from_millis(mode.delay_ms));
            } else {
                self.send(post, mode.duplicate);
            }
        }
    }

    fn later(&self, post: Post, delay: Duration) {
        let office = self.clone();
        self.spawn(async move {
            tokio::time::sleep(delay).await;
            let duplicate = office.mode().duplicate && post.attempt == 0;
            office.send(post, duplicate);
        });
    }

    fn send(&self, post: Post, duplicate: bool) {
        let lane = self.shared.store.with(|store| Some(store.events.get(&post.event)?.lane().to_owned()));
        let lane = format!("{} {}", post.endpoint, lane.unwrap_or_default());
        if duplicate {
            self.enqueue(&format!("{lane} twice"), post.clone());
        }
        self.enqueue(&lane, post);
    }

    fn enqueue(&self, lane: &str, post: Post) {
        let starts = self.with(|queues| {
            let starts = !queues.lanes.contains_key(lane);
            queues.lanes.entry(lane.to_owned()).or_default().push_back(post);
            starts
        });
        if starts {
            let (office, lane) = (self.clone(), lane.to_owned());
            self.spawn(async move { office.work_off(&lane).await });
        }
    }

    async fn work_off(&self, lane: &str) {
        loop {
            let next = self.with(|queues| {
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
        let Some(letter) = self.shared.store.with(|store| Letter::of(store, &post)) else { return };
        let signature = sign(letter.body.as_bytes(), &letter.secret, wall_seconds());
        let request = self
            .shared
            .http
            .post(&letter.url)
            .header("content-type", "application/json; charset=utf-8")
            .header("user-agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
            .header("stripe-signature", signature)
            .body(letter.body);
        let status = request.send().await.map_or(0, |answer| answer.status().as_u16());
        let succeeded = (200..300).contains(&status);
        let delay = self.shared.retry_delays.get(post.attempt).copied();
        let state = match (succeeded, delay) {
            (true, _) => DeliveryState::Succeeded,
            (false, Some(_)) => DeliveryState::Pending,
            (false, None) => DeliveryState::Failed,
        };
        self.shared.store.with(|store| note_attempt(store, &post, status, state));
        if let (false, Some(delay)) = (succeeded, delay) {
            self.later(Post { attempt: post.attempt + 1, ..post }, delay);
        }
    }

    fn mark(&self, post: &Post, state: DeliveryState) {
        self.shared.store.with(|store| {
            if let Some(delivery) = store.delivery_mut(&post.event, &post.endpoint) {
                delivery.state = state;
            }
        });
    }

    fn with<T>(&self, work: impl FnOnce(&mut Queues) -> T) -> T {
        work(&mut self.shared.queues.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs a task until it ends or the sending stops.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut stopping = self.shared.stopping.clone();
        self.shared.runtime.spawn(async move {
            tokio::select! {
                _ = stopping.wait_for(|stop| *stop) => {}
                () = task => {}
            }
        });
    }
}
