//! How an emulator begins and ends: the port, the state that is kept, and time that runs by itself.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::guard::own_host_only;
use super::router::router;
use crate::delivery::post_office::PostOffice;
use crate::emulator::{Emulator, Running};
use crate::life::due;
use crate::store::Store;
use crate::store::lock::Locked;
use crate::store::state_file::StateFile;

/// How to start an emulator.
#[derive(Debug, Clone)]
pub struct Options {
    /// The port on the loopback interface; 0 takes a free one.
    pub port: u16,
    /// The one API key that is let in. A `_live_` in it makes every object `livemode`.
    pub secret_key: String,
    /// How long to wait before each repeated delivery of a webhook; after the last it has failed.
    pub retry_delays: Vec<Duration>,
    /// Where the state outlives the emulator: read at the start, written within a second of a change and at
    /// the end. Without it the state ends with the emulator.
    pub state_file: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Options {
        let retry_delays = (0..10).map(|doublings| Duration::from_secs(1 << doublings)).collect();
        Options { port: 0, secret_key: "sk_test_local".into(), retry_delays, state_file: None }
    }
}

impl Emulator {
    /// Binds the port, takes over the state that was kept, and starts to answer.
    ///
    /// # Errors
    /// If the port is taken, or the state file cannot be written. `InvalidData`: it cannot be read.
    pub async fn start(options: Options) -> std::io::Result<Emulator> {
        let Options { port, secret_key, retry_delays, state_file } = options;
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        let url = format!("http://{address}");
        let mut store = Store::new(&url, secret_key.contains("_live_"));
        let state_file = state_file.map(StateFile::new).map(Arc::new);
        if let Some(file) = &state_file {
            file.load(&mut store)?;
            // Written at once, so that a place that cannot be written to is found out now.
            store.has_changed = true;
        }
        let store = Locked::new(store);
        if let Some(file) = &state_file {
            file.save(&store)?;
        }
        let stopping = watch::Sender::new(false);
        let post_office = PostOffice::open(store.clone(), retry_delays, stopping.subscribe())?;
        let emulator = Emulator::new(url, secret_key, store, post_office);
        let router = own_host_only(router(emulator.clone()), address.port(), &[]);
        let server = serve(listener, router, stopping.subscribe());
        tokio::spawn(tick(emulator.clone(), state_file.clone(), stopping.subscribe()));
        emulator.runs_with(Running { stopping, server, state_file });
        Ok(emulator)
    }

    /// Ends every task, frees the port and writes the state file.
    pub async fn stop(&self) {
        let Some(Running { stopping, mut server, state_file }) = self.take_running() else { return };
        stopping.send_replace(true);
        if tokio::time::timeout(Duration::from_millis(500), &mut server).await.is_err() {
            server.abort();
        }
        if let Some(file) = state_file {
            // Err: the file holds what it held when it could last be written.
            let _ = file.save_and_close(self.store());
        }
    }
}

fn serve(listener: TcpListener, router: Router, mut stopping: watch::Receiver<bool>) -> JoinHandle<()> {
    let stopped = async move {
        let _ = stopping.wait_for(|stop| *stop).await;
    };
    let serving = axum::serve(listener, router).with_graceful_shutdown(stopped);
    tokio::spawn(async move {
        let _ = serving.await;
    })
}

/// While time runs by itself, what becomes due is done within a second. What changed is kept after a second
/// without an event: the whole state is written, which would hold up a storm of changes.
async fn tick(emulator: Emulator, state_file: Option<Arc<StateFile>>, mut stopping: watch::Receiver<bool>) {
    let mut events = 0;
    loop {
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
        emulator.act(|store| {
            if !store.clock.is_frozen() {
                let now = store.now();
                due::run(store, None, now);
            }
        });
        let events_now = emulator.act(|store| store.events.all().len());
        if std::mem::replace(&mut events, events_now) == events_now
            && let Some(file) = &state_file
        {
            // Err: it is tried again in a second.
            let _ = file.save(emulator.store());
        }
    }
}
