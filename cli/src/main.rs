//! The `billing` command: what an operator does to a deployment.

use std::process::ExitCode;

use cli::commands::Arguments;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match Arguments::of_process() {
        Ok(arguments) => arguments.run().await.print(),
        Err(status) => status,
    }
}
