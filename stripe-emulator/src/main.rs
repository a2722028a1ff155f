//! The Stripe emulator on its own: prints where it listens and ends with its standard input or on SIGTERM.

use std::io::Write;

use clap::Parser;
use stripe_emulator::{Emulator, Options};
use tokio::io::AsyncReadExt;
use tokio::signal::unix::{SignalKind, signal};

/// A local stand-in for Stripe.
#[derive(Parser)]
struct Arguments {
    /// Port on the loopback interface; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The API key that is let in.
    #[arg(long, default_value = "sk_test_local")]
    secret_key: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let Arguments { port, secret_key } = Arguments::parse();
    let emulator = Emulator::start(Options { port, secret_key, ..Options::default() }).await?;
    let place = serde_json::json!({ "url": emulator.url(), "secret_key": emulator.secret_key() });
    writeln!(std::io::stdout(), "{place}")?;
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminated.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
        _ = input_ends() => {}
    }
    emulator.stop().await;
    // A read of the standard input that still waits would keep the runtime from ending.
    std::process::exit(0)
}

async fn input_ends() {
    let mut rest = [0; 64];
    let mut input = tokio::io::stdin();
    while input.read(&mut rest).await.is_ok_and(|read| read > 0) {}
}
