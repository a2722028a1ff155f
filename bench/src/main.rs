//! `cargo bench-all`: everything that can be slow, measured in one run, beside what PostgreSQL does at best.
//! `cargo budgets`: what can be counted, against `budgets.yaml`. docs/PERFORMANCE.md explains both.
//!
//! - `programs`: what is measured, built for release
//! - `server`, `pgbench`, `requests`, `runtime`, `stripe`: what is put around it
//! - `machine`, `rounds`: who else used the machine, and which measurements count
//! - `chapters`, `report`: what is measured, and how it is told
#![allow(clippy::expect_used, clippy::print_stderr, clippy::print_stdout)] // A program with a command line.

mod budgets;
mod chapters;
mod filling;
mod machine;
mod measure;
mod peer;
mod pgbench;
mod plan;
mod programs;
mod report;
mod requests;
mod rounds;
mod runtime;
mod server;
mod stripe;

use std::process::ExitCode;

use clap::Parser;

#[derive(Parser)]
enum Arguments {
    /// Measures, and prints a table.
    Measure(measure::Arguments),
    /// Counts, and fails if something is more than its budget.
    Budgets(budgets::Arguments),
}

// The chapters block the main thread; what answers meanwhile runs on the worker.
#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() -> ExitCode {
    if !cfg!(target_os = "linux") {
        eprintln!("The measuring reads /proc: it runs on Linux.");
        return ExitCode::FAILURE;
    }
    match Arguments::parse() {
        Arguments::Measure(arguments) => measure::run(&arguments).await,
        Arguments::Budgets(arguments) => return budgets::run(&arguments),
    }
    ExitCode::SUCCESS
}
