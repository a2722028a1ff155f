//! The handle on a running emulator: start and stop, time, what was recorded, and the faults to inject.

mod acts;

use std::path::PathBuf;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::delivery::post_office::PostOffice;
use crate::life::due;
use crate::server::calls;
use crate::store::faults::{Fault, RecordedRequest};
use crate::store::state_file::StateFile;
use crate::store::{Kind, Store};
use crate::wire::versions::{self, NEWEST};

/// How to start an emulator.
#[derive(Debug, Clone)]
pub struct Options {
    /// The port on the loopback interface; 0 takes a free one.
    pub port: u16,
    /// The one API key that is let in. A `_live_` in it makes every object `livemode`.
    pub secret_key: String,
    /// How long to wait before each repeated delivery of a webhook; after the last it has failed.
    pub retry_delays: Vec<Duration>,
    /// Where the state outlives the emulator: read at the start, written within a second of a change and at the
    /// end. Without it the state ends with the emulator.
    pub state_file: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Options {
        let retry_delays = (0..10).map(|doublings| Duration::from_secs(1 << doublings)).collect();
        Options { port: 0, secret_key: "sk_test_local".into(), retry_delays, state_file: None }
    }
}

/// A running emulator. Clones are handles on the same one.
#[derive(Debug, Clone)]
pub struct Emulator {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    url: String,
    options: Options,
    store: Mutex<Store>,
    state_file: Option<StateFile>,
    post_office: PostOffice,
    http: reqwest::Client,
    runtime: Handle,
    stopping: watch::Sender<bool>,
    released: Notify,
    server: Mutex<Option<JoinHandle<()>>>,
}

impl Emulator {
    /// Binds the port, takes over the state that was kept, and starts to answer.
    ///
    /// # Errors
    /// If the port is taken, or the state file cannot be written. `InvalidData`: it cannot be read.
    pub async fn start(options: Options) -> std::io::Result<Emulator> {
        let listener = TcpListener::bind(("127.0.0.1", options.port)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(20))
            .build()
            .map_err(std::io::Error::other)?;
        let livemode = options.secret_key.contains("_live_");
        let mut store = Store::new(&url, livemode);
        let state_file = options.state_file.clone().map(StateFile::new);
        if let Some(file) = &state_file {
            file.load(&mut store)?;
            // Written at once, so that a place that cannot be written to is found out now.
            store.has_changed = true;
        }
        let shared = Shared {
            url,
            options,
            store: Mutex::new(store),
            state_file,
            post_office: PostOffice::default(),
            http,
            runtime: Handle::current(),
            stopping: watch::Sender::new(false),
            released: Notify::new(),
            server: Mutex::new(None),
        };
        let emulator = Emulator { shared: Arc::new(shared) };
        emulator.save()?;
        emulator.serve(listener);
        let ticking = emulator.clone();
        emulator.spawn(async move { ticking.tick().await });
        Ok(emulator)
    }

    fn serve(&self, listener: TcpListener) {
        let mut stopping = self.shared.stopping.subscribe();
        let stopped = async move {
            let _ = stopping.wait_for(|stop| *stop).await;
        };
        let serving = axum::serve(listener, calls::router(self.clone())).with_graceful_shutdown(stopped);
        let task = self.shared.runtime.spawn(async move {
            let _ = serving.await;
        });
        *self.shared.server.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
    }

    /// While time runs by itself, what becomes due is done within a second. What changed is kept after a second without an event: the
    /// whole state is written, which would hold up a storm of changes.
    async fn tick(&self) {
        let mut events = 0;
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.act(|store| {
                if !store.clock.is_frozen() {
                    let now = store.now();
                    due::run(store, None, now);
                }
            });
            let events_now = self.act(|store| store.events.all().len());
            if std::mem::replace(&mut events, events_now) == events_now {
                // Err: it is tried again in a second.
                let _ = self.save();
            }
        }
    }

    /// Ends every task, frees the port and writes the state file.
    pub async fn stop(&self) {
        self.shared.stopping.send_replace(true);
        let task = self.shared.server.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut task) = task
            && tokio::time::timeout(Duration::from_millis(500), &mut task).await.is_err()
        {
            task.abort();
        }
        // Err: the file holds what it held when it could last be written.
        let _ = self.save_and_close();
    }

    /// The base URL, without a slash at its end.
    pub fn url(&self) -> String {
        self.shared.url.clone()
    }

    /// The API key that is let in.
    pub fn secret_key(&self) -> &str {
        &self.shared.options.secret_key
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

    /// Takes the time from another clock, in Unix milliseconds, and is that far ahead of it. Nothing becomes due by it.
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

    /// Every event so far, oldest first, in the newest shape.
    pub fn events(&self) -> Vec<Value> {
        self.act(|store| store.events.all().iter().map(|event| event.render(NEWEST)).collect())
    }

    /// The events after the first `count`, in the newest shape: cheaper than all of them, again and again.
    pub fn events_after(&self, count: usize) -> Vec<Value> {
        self.act(|store| store.events.all().iter().skip(count).map(|event| event.render(NEWEST)).collect())
    }

    /// One event in the shape of another API version, such as `2024-06-20`.
    pub fn event_as(&self, event_id: &str, api_version: &str) -> Option<Value> {
        self.act(|store| store.events.get(event_id).map(|event| event.render(api_version)))
    }

    /// Every API call so far, in the order they were answered.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.act(|store| store.requests.clone())
    }

    /// Makes coming calls go wrong.
    pub fn fail(&self, fault: Fault) {
        self.act(|store| store.faults.push(fault));
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

    /// An account whose owner has not saved the portal's settings in the Dashboard: it has no default configuration.
    pub fn unsave_portal_settings(&self) {
        self.act(|store| store.portal_settings_unsaved = true);
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
        let (result, posts) = {
            let mut store = self.shared.store.lock().unwrap_or_else(PoisonError::into_inner);
            let result = work(&mut store);
            (result, std::mem::take(&mut store.outbox))
        };
        if !posts.is_empty() {
            self.dispatch(posts);
        }
        result
    }

    /// Runs a task until it ends or the emulator stops.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut stopping = self.shared.stopping.subscribe();
        self.shared.runtime.spawn(async move {
            tokio::select! {
                _ = stopping.wait_for(|stop| *stop) => {}
                () = task => {}
            }
        });
    }

    pub(crate) fn post_office(&self) -> &PostOffice {
        &self.shared.post_office
    }

    pub(crate) fn state_file(&self) -> Option<&StateFile> {
        self.shared.state_file.as_ref()
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.shared.http
    }

    pub(crate) fn retry_delays(&self) -> &[Duration] {
        &self.shared.options.retry_delays
    }
}
