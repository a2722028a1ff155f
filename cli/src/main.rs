//! The `billing` command: what an operator does to a deployment.
#![allow(clippy::print_stdout, clippy::print_stderr)] // This is a terminal.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use cli::commands::migrate;
use shared::config::Config;

/// Operates PromptForge Billing. Secrets come from the environment, never from arguments.
#[derive(Parser)]
#[command(name = "billing")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Brings the database at DATABASE_URL to this version's schema.
    #[command(
        after_help = "Example:\n  DATABASE_URL=postgres://postgres:...@db.example.com/postgres billing migrate"
    )]
    Migrate,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Arguments { command: Command::Migrate } = Arguments::parse();
    match migrate::run(&Config::from_env()).await {
        Ok(lines) => {
            println!("{lines}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("billing: {error}");
            ExitCode::FAILURE
        }
    }
}
