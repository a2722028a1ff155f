//! More clients than there is room for: the local gateway in front of two processes of each function, as
//! `cargo dev` has them. What is accepted is answered soon, all else is refused at once, nothing grows.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::clients::{self, Questions};
use super::function::{Function, PROGRAM, program};
use super::memory::resident;
use super::world::USUAL;
use super::{Fault, Setting, World, check};
use crate::model::Act;

/// As `cargo dev` runs them.
const SETTING: Setting = Setting { webhooks: 2, readers: 2, organizations: 20, is_quiet: true, ..USUAL };
/// The fault is the load alone.
static LOAD: Fault = Fault {
    name: "load",
    done: "more clients than there is room for",
    holds: "",
    setting: SETTING,
    loses: false,
    play: |_| Box::pin(async { Ok(()) }),
};

/// What came of it. Times in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Report {
    /// Requests that were answered.
    pub accepted: usize,
    /// Half of these took at most so long.
    pub p50: u128,
    /// 99 of 100 of these took at most so long.
    pub p99: u128,
    /// Requests that were refused.
    pub refused: usize,
    /// 99 of 100 of these took at most so long.
    pub refused_p99: u128,
    /// By how many KiB the process that grew most did: gateway or function, since a fifth of the time.
    pub growth: i64,
}

/// Loads the local stack.
///
/// # Errors
/// If an answer is neither a success nor a refusal that says when to come back, or if afterwards the database
/// is not as Stripe says.
pub async fn load(clients: usize, length: Duration, seed: u64) -> Result<Report, String> {
    let _turn = super::TURN.write().await;
    let mut world = World::start(&SETTING, seed, length).await;
    let port = invocations(&world).await;
    let gateway = Gateway::start(port, &world.t.database.url("postgres"));
    let people = world.model.organizations.iter().map(|one| (one.id.clone(), one.user.clone())).collect();
    let questions = Arc::new(Questions { url: gateway.url.clone(), people, events: Mutex::default() });
    let answers = clients::ask(&questions, clients, length);
    let (begun, mut seen, mut first) = (Instant::now(), 0, None);
    while begun.elapsed() < length {
        if begun.elapsed() > length / 5 && first.is_none() {
            first = Some(sizes(&world, &gateway));
        }
        world.step(Act::ChangeQuantity, fastrand::usize(..1000));
        let new = world.t.stripe.events_after(seen);
        seen += new.len();
        {
            let mut events = questions.events.lock().expect("no test panics with it");
            events.extend(new.iter().map(Value::to_string));
            let surplus = events.len().saturating_sub(1000);
            events.drain(..surplus);
        }
        // Of however long a time, so few that the rest is delivered soon afterwards.
        tokio::time::sleep(Duration::from_millis(100).max(length / 300)).await;
    }
    let last = sizes(&world, &gateway);
    let answers = tokio::task::spawn_blocking(move || answers.join()).await;
    let answers = answers.ok().and_then(Result::ok).ok_or("the clients panicked")??;
    let growth = first.unwrap_or_default().into_iter().zip(last).map(|(first, last)| last - first).max();
    // Whatever was refused comes again.
    world.live(&LOAD).await?;
    check::end(&mut world, &LOAD).await?;
    world.stop().await;
    Ok(Report {
        accepted: answers.accepted.len(),
        p50: quantile(&answers.accepted, 50),
        p99: quantile(&answers.accepted, 99),
        refused: answers.refused.len(),
        refused_p99: quantile(&answers.refused, 99),
        growth: growth.unwrap_or_default(),
    })
}

/// The value below which so many of 100 sorted ones lie; 0 if there is none.
fn quantile(sorted: &[u128], percent: usize) -> u128 {
    sorted.get(sorted.len().saturating_sub(1) * percent / 100).copied().unwrap_or_default()
}

/// Resident memory of the gateway and the functions, in KiB.
fn sizes(world: &World, gateway: &Gateway) -> Vec<i64> {
    let mut pids = vec![gateway.process.id()];
    pids.extend(world.webhook.pids().into_iter().chain(world.reader.pids()));
    pids.into_iter().filter_map(resident).collect()
}

/// The gateway as a process, so that it can be weighed.
struct Gateway {
    process: Child,
    url: String,
}

impl Gateway {
    fn start(runtime_port: u16, database: &str) -> Self {
        let mut command = std::process::Command::new(program());
        command
            .env(PROGRAM, "gateway")
            .env("FAULTS_RUNTIME_PORT", runtime_port.to_string())
            .env("DATABASE_URL", database)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut process = command.spawn().expect("the gateway starts");
        let mut url = String::new();
        let mut said = BufReader::new(process.stdout.take().expect("what it says"));
        said.read_line(&mut url).expect("it says where it is");
        Self { process, url: url.trim().to_owned() }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // Err: it has ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

type Functions = [Arc<Function>; 2];

/// Lambda's Invoke in front of the world's functions; its port.
async fn invocations(world: &World) -> u16 {
    let functions = [Arc::clone(&world.webhook), Arc::clone(&world.reader)];
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let router =
        Router::new().route("/2015-03-31/functions/{name}/invocations", post(invoke)).with_state(functions);
    tokio::spawn(async move { axum::serve(listener, router).await });
    port
}

async fn invoke(
    State([webhook, reader]): State<Functions>,
    Path(name): Path<String>,
    Json(event): Json<Value>,
) -> (StatusCode, Json<Value>) {
    let function = if name == "webhook" { webhook } else { reader };
    // A task of its own: it goes on if nobody waits for it, as on AWS.
    match tokio::spawn(async move { function.ask(&event).await }).await.ok().flatten() {
        Some(answer) => (StatusCode::OK, Json(answer)),
        None => (StatusCode::BAD_GATEWAY, Json(json!({ "message": "the instance ended" }))),
    }
}
