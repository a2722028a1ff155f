//! The `billing` command: what an operator does to a deployment.

use std::process::ExitCode;

use clap::Parser;
use cli::commands::Arguments;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    Arguments::parse().run().await.print()
}
