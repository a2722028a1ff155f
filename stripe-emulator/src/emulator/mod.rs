//! The handle on a running emulator: time, what was recorded, and the faults to inject. What a person does is
//! in `acts`, what becomes of webhooks in `deliveries`; it is started and stopped by `server`.

mod acts;
mod deliveries;
mod money;
mod told;

use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use self::told::Told;
/// What a change costs, for the portal's pages that show it.
pub(crate) use crate::api::subscription_changes::{Cost, cost_of};
use crate::delivery::post_office::PostOffice;
use crate::life::due;
use crate::store::faults::{Fault, RecordedRequest};
use crate::store::lock::Locked;
use crate::store::state_file::StateFile;
use crate::store::{Kind, Store};
use crate::wire::versions::{self, NEWEST};

/// A running emulator. Clones are handles on the same one.
#[derive(Debug, Clone)]
pub struct Emulator {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    url: String,
    secret_key: String,
    store: Locked,
    post_office: PostOffice,
    released: Notify,
    told: Told,
    running: Mutex<Option<Running>>,
}

/// What runs until the emulator is stopped.
#[derive(Debug)]
pub(crate) struct Running {
    /// Ends every task.
    pub(crate) stopping: watch::Sender<bool>,
    pub(crate) server: JoinHandle<()>,
    pub(crate) state_file: Option<Arc<StateFile>>,
}

impl Emulator {
    /// A handle on a store, which answers nobody yet. [`Emulator::start`] makes one that does.
    pub(crate) fn new(url: String, secret_key: String, store: Locked, post_office: PostOffice) -> Emulator {
        let (released, told, running) = (Notify::new(), Told::default(), Mutex::default());
        Emulator { shared: Arc::new(Shared { url, secret_key, store, post_office, released, told, running }) }
    }

    /// Remembers what runs for it.
    pub(crate) fn runs_with(&self, running: Running) {
        *self.shared.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(running);
    }

    /// What runs for it; none once this was asked.
    pub(crate) fn take_running(&self) -> Option<Running> {
        self.shared.running.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(crate) fn store(&self) -> &Locked {
        &self.shared.store
    }

    /// The base URL, without a slash at its end.
    pub fn url(&self) -> String {
        self.shared.url.clone()
    }

    /// The API key that is let in.
    pub fn secret_key(&self) -> &str {
        &self.shared.secret_key
    }

    /// The emulator's time in Unix seconds.
    pub fn now(&self) -> i64 {
        self.act(|store| store.now())
    }

    /// Freezes time at this second. Nothing becomes due by it.
    pub fn set_now(&self, seconds: i64) {
        self.act(|store| {
            store.clock.freeze(seconds);
            store.has_changed = true;
        });
    }

    /// Takes the time from another clock, in Unix milliseconds, and is that far ahead of it. Nothing becomes
    /// due by it.
    pub fn follow(&self, clock: Arc<AtomicI64>, ahead_milliseconds: i64) {
        self.act(|store| store.clock.follow(clock, ahead_milliseconds));
    }

    /// Moves time on and carries out everything that becomes due, each thing at its own second.
    pub fn advance(&self, seconds: i64) {
        self.act(|store| {
            let target = store.now() + seconds;
            due::run(store, None, target);
            store.clock.advance(seconds);
            store.has_changed = true;
        });
    }

    /// Has somebody hear by how many seconds time is ahead of the machine's: now, and whenever that changes,
    /// before any event of then is sent. They hear it while nobody else can use the emulator.
    pub fn on_time(&self, hear: impl Fn(i64) + Send + Sync + 'static) {
        self.shared.told.hear(Box::new(hear));
        self.act(|_| ());
    }

    /// Every event so far, oldest first, in the newest shape.
    pub fn events(&self) -> Vec<Value> {
        self.events_after(0)
    }

    /// The events after the first `count`, in the newest shape: cheaper than all of them, again and again.
    pub fn events_after(&self, count: usize) -> Vec<Value> {
        self.act(|store| store.events.snapshots().skip(count).map(|event| event.render(NEWEST)).collect())
    }

    /// One event in the shape of another API version, such as `2024-06-20`.
    pub fn event_as(&self, event_id: &str, api_version: &str) -> Option<Value> {
        self.act(|store| store.events.get(event_id).map(|event| event.render(api_version)))
    }

    /// One event in its thin form, as an event destination is sent it.
    pub fn event_as_thin(&self, event_id: &str) -> Option<Value> {
        self.act(|store| store.events.find(event_id).map(|event| event.render_thin()))
    }

    /// Every API call so far, in the order they were answered.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.act(|store| store.requests.clone())
    }

    /// Makes coming calls go wrong.
    pub fn fail(&self, fault: Fault) {
        self.act(|store| store.faults.push(fault));
    }

    /// Forgets every fault that is not used up.
    pub fn heal(&self) {
        self.act(|store| store.faults.clear());
    }

    /// Lets go of every answer that a fault holds back.
    pub fn release_answers(&self) {
        self.shared.released.notify_waiters();
    }

    pub(crate) async fn hold_back(&self, delay: Duration) {
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = self.shared.released.notified() => {}
        }
    }

    /// An account whose owner has not saved the portal's settings in the Dashboard: it has no default
    /// configuration.
    pub fn unsave_portal_settings(&self) {
        self.act(|store| store.portal_settings_unsaved = true);
    }

    /// The account's other mode has an object of this id: who asks for it here is told so, and does not get
    /// it.
    pub fn keep_in_other_mode(&self, id: &str) {
        self.act(|store| store.other_mode.push(id.to_owned()));
    }

    /// A subscription as it is now.
    pub fn subscription(&self, id: &str) -> Option<Value> {
        self.act(|store| store.table(Kind::Subscription).get(id).map(|row| versions::render(row, NEWEST)))
    }

    /// The id of every subscription, oldest first.
    pub fn subscription_ids(&self) -> Vec<String> {
        self.act(|store| {
            let rows = store.rows(Kind::Subscription);
            rows.iter().filter_map(|row| Some(row["id"].as_str()?.to_owned())).collect()
        })
    }

    /// Every subscription, oldest first.
    pub fn subscriptions(&self) -> Vec<Value> {
        self.act(|store| {
            store.rows(Kind::Subscription).iter().map(|row| versions::render(row, NEWEST)).collect()
        })
    }

    /// Works on the store, then sends the events this caused.
    pub(crate) fn act<T>(&self, work: impl FnOnce(&mut Store) -> T) -> T {
        let (result, posts) = self.shared.store.with(|store| {
            let result = work(store);
            // Before anything is sent: whoever gets an event knows its time.
            self.shared.told.tell(store.clock.ahead());
            (result, std::mem::take(&mut store.outbox))
        });
        if !posts.is_empty() {
            self.shared.post_office.dispatch(posts);
        }
        result
    }
}
