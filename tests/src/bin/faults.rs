//! Faults made on purpose, by name, seed and length:
//! `cargo run --package tests --bin faults -- database-killed --seed 7 --seconds 60`.
#![allow(clippy::expect_used, clippy::print_stdout)] // A test with a command line.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use clap::Parser;
use local::dev::console::Console;
use local::dev::gateway::{self, Gateway};
use local::dev::supabase_auth::SupabaseAuth;
use shared::clock::Clock;
use shared::config::{Function, environment};
use shared::live::Live;
use shared::serve::serve;
use tests::faults::load::load;
use tests::faults::{FAULTS, Fault, POOLED, function, named, play, table};
use tokio::net::TcpListener;

/// Makes faults one after the other, and checks what came of each.
#[derive(Parser)]
struct Arguments {
    /// Their names; `all` for all; `load` for more clients than the local stack has room for.
    names: Vec<String>,
    /// Prints what there is.
    #[arg(long)]
    list: bool,
    /// Of everything that chance decides.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long each goes on at least.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How often each is made; the next ones have the next seeds.
    #[arg(long, default_value_t = 1)]
    times: u64,
    /// How many ask at once, for `load`.
    #[arg(long, default_value_t = 1000)]
    clients: usize,
    /// Writes what was measured into the table of docs/RELIABILITY.md.
    #[arg(long)]
    write: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // One of the processes that faults are made to.
    match environment(function::PROGRAM).as_deref() {
        Some("webhook") => {
            let live = Live::new(Arc::new(environment), Function::Webhook, clock(), None);
            return served(serve(live, webhook::handle).await);
        }
        Some("entitlements") => {
            return served(serve(Live::from_env(Function::Entitlements), entitlements::handle).await);
        }
        Some("gateway") => return stand_in_front().await,
        _ => {}
    }
    let arguments = Arguments::parse();
    let all = || FAULTS.iter().chain([&POOLED]);
    if arguments.list {
        all().for_each(|fault| println!("{:22} {}", fault.name, fault.done));
    }
    let mut faults: Vec<&'static Fault> = Vec::new();
    for name in &arguments.names {
        match (name.as_str(), named(name)) {
            ("load", _) => return loaded(&arguments).await,
            ("all", _) => faults.extend(all()),
            (_, Some(fault)) => faults.push(fault),
            _ => {
                println!("There is no fault `{name}`; --list prints all.");
                return ExitCode::FAILURE;
            }
        }
    }
    let mut failed = false;
    for fault in faults {
        for seed in arguments.seed..arguments.seed + arguments.times {
            match play(fault, seed, Duration::from_secs(arguments.seconds)).await {
                Ok(tally) => {
                    println!("{} (seed {seed}): {tally:?}", fault.name);
                    if arguments.write {
                        table::write(fault, tally).expect("the table");
                    }
                }
                Err(problem) => {
                    println!("{} (seed {seed}) FAILED: {problem}", fault.name);
                    failed = true;
                }
            }
        }
    }
    ExitCode::from(u8::from(failed))
}

/// The machine's clock, or one that jumps.
fn clock() -> Clock {
    let seconds = environment(function::CLOCK).and_then(|seconds| seconds.parse::<i64>().ok());
    let Some(most) = seconds.filter(|seconds| *seconds > 0) else { return Clock::System };
    let now = || Clock::System.now().as_millisecond();
    let time = Arc::new(AtomicI64::new(now()));
    let clock = Clock::Fixed(Arc::clone(&time));
    std::thread::spawn(move || {
        loop {
            let wrong = fastrand::i64(-most * 1000..=most * 1000);
            for _ in 0..100 {
                time.store(now() + wrong, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(2));
            }
        }
    });
    clock
}

/// What is accepted is answered within a second, all else is refused at once.
async fn loaded(arguments: &Arguments) -> ExitCode {
    let length = Duration::from_secs(arguments.seconds);
    match load(arguments.clients, length, arguments.seed).await {
        Ok(report) => {
            println!("{report:?}");
            ExitCode::from(u8::from(report.p99 >= 1000 || report.refused_p99 >= 1000))
        }
        Err(problem) => {
            println!("load FAILED: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// The gateway of the local stack, which says its address.
async fn stand_in_front() -> ExitCode {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    println!("{url}");
    let database = environment("DATABASE_URL").expect("DATABASE_URL");
    let (database, connection) = tokio_postgres::connect(&database, tokio_postgres::NoTls).await.expect("it");
    tokio::spawn(connection);
    let console = Console { database: Arc::new(database), panel_url: None, client: "not-built".into() };
    let auth = Arc::new(SupabaseAuth::open(&url, None).expect("a key"));
    let port = environment("FAULTS_RUNTIME_PORT").and_then(|port| port.parse().ok());
    let gateway =
        Gateway { runtime_port: port.expect("a port"), auth, realtime: None, console, origins: Vec::new() };
    let serving = gateway::serve(listener, gateway).expect("the gateway");
    ExitCode::from(u8::from(serving.await.is_err()))
}

fn served(result: Result<(), lambda_http::Error>) -> ExitCode {
    ExitCode::from(u8::from(result.is_err()))
}
