//! `cargo dev`: PostgreSQL, Stripe (ours or theirs), the functions, one port in front; up, watched, and down
//! again.

mod arguments;
mod built_client;
mod cargo_lambda;
mod catalogue;
pub mod console;
mod database;
mod demo;
mod descriptor;
pub mod environment;
pub mod functions;
pub mod gateway;
mod greeting;
pub mod people;
mod place;
mod private_file;
pub mod realtime;
mod schedule;
mod stack;
mod stripe_account;
pub mod supabase_auth;
mod terminal;
mod time;

use std::process::ExitCode;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use crate::problem::Problem;
use arguments::Arguments;
use stack::Stack;

/// Runs until Ctrl-C or until a part ends; with `--demo` until the life cycle is played.
pub async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments).await {
        Ok(code) => code,
        Err(problem) => {
            terminal::problem(&problem);
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<ExitCode, Problem> {
    let cannot_listen = |error: std::io::Error| Problem::new(format!("Signals cannot be received: {error}."));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(cannot_listen)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(cannot_listen)?;
    let mut told_to_end = async || {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    // What was started when we are told to end during the start ends with us.
    let mut stack = tokio::select! {
        stack = Stack::start(arguments) => stack?,
        () = told_to_end() => return Ok(ExitCode::SUCCESS),
    };
    let work = async {
        match arguments.demo {
            true => demo::play(&stack)
                .await
                .map(|right| if right { ExitCode::SUCCESS } else { ExitCode::FAILURE }),
            false => Err(stack.watch().await),
        }
    };
    let result = tokio::select! {
        result = work => result,
        () = told_to_end() => Ok(ExitCode::SUCCESS),
    };
    stack.stop().await;
    result
}
