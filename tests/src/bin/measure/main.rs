//! What docs/SCALING.md and the memory in template.yaml are computed from.
//!
//! - `cargo run --release --package tests --bin measure -- functions`: what each function needs, as a program
//!   of its own
//! - `cargo run --release --package tests --bin measure -- database`: how many reads and events a second
#![allow(clippy::expect_used, clippy::print_stdout, clippy::unwrap_used)] // A benchmark with a command line.

mod database;
mod functions;

use std::path::PathBuf;

use clap::Parser;

#[derive(Parser)]
enum Arguments {
    /// Memory and time of each function's program, with the database over TLS and the secret in Secrets
    /// Manager. Linux only.
    Functions {
        /// Where the programs are; of the release build, one package at a time, as they are deployed.
        #[arg(long, default_value = "target/release")]
        folder: PathBuf,
        /// These only.
        only: Vec<String>,
        /// Requests after the first one.
        #[arg(long, default_value_t = 300)]
        requests: usize,
    },
    /// Reads and events a second, through the real handlers, on a durable PostgreSQL that shares this
    /// machine.
    Database {
        /// Each with a member and a subscription.
        #[arg(long, default_value_t = 100_000)]
        organizations: u32,
        /// Of each measurement.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    match Arguments::parse() {
        Arguments::Functions { folder, only, requests } => functions::measure(&folder, &only, requests).await,
        Arguments::Database { organizations, seconds } => database::measure(organizations, seconds).await,
    }
}

/// The value below which this share of them lies.
fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * share).round() as usize]
}
