//! The model test at any size: `cargo run --package tests --bin soak -- --histories 1000 --seed 7`.
#![allow(clippy::expect_used, clippy::print_stdout)] // A test with a command line.

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use tests::model::{Size, histories, play};

/// Plays random histories until one fails or all are played.
#[derive(Parser)]
struct Arguments {
    /// How many.
    #[arg(long, default_value_t = 100)]
    histories: u64,
    /// Of the first one; the next have the next numbers.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Organizations at most.
    #[arg(long, default_value_t = 4)]
    organizations: usize,
    /// Steps at most, and a third of that at least.
    #[arg(long, default_value_t = 60)]
    steps: usize,
    /// Tasks that deliver at once, at most.
    #[arg(long, default_value_t = 8)]
    workers: usize,
    /// Organizations, steps and tasks are as many as they may be, and all events are shuffled before the
    /// first is delivered.
    #[arg(long)]
    flood: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let size = Size {
        organizations: arguments.organizations,
        steps: arguments.steps,
        workers: arguments.workers.max(2),
    };
    let (started, mut events, mut attempts) = (Instant::now(), 0, 0);
    for seed in arguments.seed..arguments.seed + arguments.histories {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let mut runner = TestRunner::new_with_rng(Config::default(), random);
        let mut history = histories(size).new_tree(&mut runner).expect("a history").current();
        if arguments.flood {
            history.organizations = arguments.organizations;
            history.workers = arguments.workers;
            history.late = true;
        }
        match play(&history).await {
            Ok(tally) => {
                events += tally.events;
                attempts += tally.attempts;
                println!("seed {seed}: {tally:?}");
            }
            Err(problem) => {
                println!("seed {seed} FAILED: {problem}\n{history:#?}");
                return ExitCode::FAILURE;
            }
        }
    }
    println!(
        "{} histories, {events} events, {attempts} deliveries, {:.0} s: all right",
        arguments.histories,
        started.elapsed().as_secs_f32()
    );
    ExitCode::SUCCESS
}
