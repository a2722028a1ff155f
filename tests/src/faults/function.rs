//! A function as Lambda runs it: several processes of the real program, one request at a time each, ended at
//! their deadline and started anew when they are gone.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use shared::clock::Clock;
use tokio::sync::{Semaphore, oneshot};

use super::proxy::{Proxy, Target};
use super::runtime::Lane;
use super::server::signal;

/// The variable that makes the program `faults` one of the functions.
pub const PROGRAM: &str = "FAULTS_FUNCTION";
/// The variable that says by how many seconds the process's clock jumps back and forth.
pub const CLOCK: &str = "FAULTS_CLOCK";
/// How long a request may take. In production it is longer: so the tests would be, too.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A function with some instances.
#[derive(Debug)]
pub struct Function {
    name: &'static str,
    environment: Vec<(&'static str, String)>,
    /// The database's address without any wire.
    database: String,
    instances: Vec<Instance>,
    idle: Mutex<VecDeque<usize>>,
    free: Semaphore,
    starts: AtomicUsize,
    answered: AtomicUsize,
}

/// One instance.
#[derive(Debug)]
struct Instance {
    /// Between it and its database.
    wire: Proxy,
    process: Mutex<Option<Process>>,
}

#[derive(Debug)]
struct Process {
    child: Child,
    lane: Arc<Lane>,
}

impl Drop for Process {
    fn drop(&mut self) {
        // Err: it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer of a function.
#[derive(Clone, Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Value,
    /// The body as JSON, null if it is none.
    pub body: Value,
}

impl Reply {
    fn of(answer: &Value) -> Option<Self> {
        let status = u16::try_from(answer["statusCode"].as_u64()?).ok()?;
        let body = answer["body"].as_str().and_then(|body| serde_json::from_str(body).ok());
        Some(Self { status, headers: answer["headers"].clone(), body: body.unwrap_or_default() })
    }
}

impl Function {
    /// A function of so many instances, each with a wire of its own to the database. They start when they are
    /// asked something.
    pub async fn new(
        name: &'static str,
        count: usize,
        environment: Vec<(&'static str, String)>,
        database: String,
        target: &Target,
    ) -> Self {
        let mut instances = Vec::new();
        for _ in 0..count {
            instances.push(Instance { wire: Proxy::start(target).await, process: Mutex::default() });
        }
        Self {
            name,
            environment,
            database,
            instances,
            idle: Mutex::new((0..count).collect()),
            free: Semaphore::new(count),
            starts: AtomicUsize::new(0),
            answered: AtomicUsize::new(0),
        }
    }

    /// How many instances it has.
    pub fn count(&self) -> usize {
        self.instances.len()
    }

    /// How often a process was started.
    pub fn starts(&self) -> usize {
        self.starts.load(Ordering::SeqCst)
    }

    /// How many requests it has answered.
    pub fn answered(&self) -> usize {
        self.answered.load(Ordering::SeqCst)
    }

    /// The wires of all instances.
    pub fn wires(&self) -> impl Iterator<Item = &Proxy> {
        self.instances.iter().map(|instance| &instance.wire)
    }

    /// Sends a signal by its name to an instance, counted round.
    pub fn signal(&self, name: &str, number: usize) {
        let instance = &self.instances[number % self.count()];
        if let Some(process) = &*instance.process.lock().expect("no test panics with it") {
            signal(name, &[process.child.id()]);
        }
    }

    /// The wire of an instance, counted round.
    pub fn wire(&self, number: usize) -> &Proxy {
        &self.instances[number % self.count()].wire
    }

    /// The process ids of all that run.
    pub fn pids(&self) -> Vec<u32> {
        let running = self.instances.iter().filter_map(|instance| {
            instance.process.lock().expect("no test panics with it").as_ref().map(|one| one.child.id())
        });
        running.collect()
    }

    /// Has an event handled by an idle instance. None: the instance ended, or was ended at its deadline.
    pub async fn ask(&self, event: &Value) -> Option<Value> {
        let _permit = self.free.acquire().await.expect("it is never closed");
        let number = self.idle.lock().expect("no test panics with it").pop_front().expect("one is idle");
        let answer = self.answer(&self.instances[number], event).await;
        self.idle.lock().expect("no test panics with it").push_back(number);
        self.answered.fetch_add(usize::from(answer.is_some()), Ordering::SeqCst);
        answer
    }

    /// The same, as an HTTP answer.
    pub async fn call(&self, event: &Value) -> Option<Reply> {
        Reply::of(&self.ask(event).await?)
    }

    async fn answer(&self, instance: &Instance, event: &Value) -> Option<Value> {
        let lane = self.running(instance);
        let deadline = Clock::System.now().as_millisecond() + TIMEOUT.as_millis() as i64;
        let (begun, mut answer) = (Instant::now(), lane.ask(event, deadline));
        loop {
            match tokio::time::timeout(Duration::from_millis(50), &mut answer).await {
                Ok(answer) => return answer.ok(),
                Err(_) if begun.elapsed() < TIMEOUT && !instance.has_ended() => {}
                Err(_) => return self.end(instance, &mut answer),
            }
        }
    }

    /// It may have answered in this very moment.
    fn end(&self, instance: &Instance, answer: &mut oneshot::Receiver<Value>) -> Option<Value> {
        instance.process.lock().expect("no test panics with it").take();
        answer.try_recv().ok()
    }

    /// Starts its process, if none runs.
    fn running(&self, instance: &Instance) -> Arc<Lane> {
        let has_ended = instance.has_ended();
        let mut process = instance.process.lock().expect("no test panics with it");
        if let Some(running) = process.as_ref().filter(|_| !has_ended) {
            return Arc::clone(&running.lane);
        }
        self.starts.fetch_add(1, Ordering::SeqCst);
        let (lane, address) = Lane::open().expect("a port");
        let mut command = Command::new(program());
        command
            .env_clear()
            .env(PROGRAM, self.name)
            .env("DATABASE_URL", instance.wire.through(&self.database))
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .env("AWS_LAMBDA_FUNCTION_NAME", self.name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("IDENTITY_SOURCE", "trusted_headers")
            .env("METRICS_NAMESPACE", "faults")
            .envs(self.environment.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program().display()));
        *process = Some(Process { child, lane: Arc::clone(&lane) });
        lane
    }
}

impl Instance {
    fn has_ended(&self) -> bool {
        let mut process = self.process.lock().expect("no test panics with it");
        process.as_mut().is_none_or(|process| !matches!(process.child.try_wait(), Ok(None)))
    }
}

/// The program `faults`: this one, or the one that was built with this test.
pub fn program() -> PathBuf {
    let this = std::env::current_exe().expect("a program knows itself");
    if this.file_stem().is_some_and(|name| name == "faults") {
        return this;
    }
    crate::program::of_this_build("faults")
}
