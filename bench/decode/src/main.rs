//! What a webhook does with an event before the database: verify its signature, parse it, encode it for the
//! database. A program of its own, built like the functions.
//!
//! `bench-decode event.json 1000` does it that often, and prints what each part took at best, in
//! nanoseconds, as JSON; beside it HMAC-SHA256 alone, which nobody can do without. With `--silent` it only
//! does it, so that instructions can be counted from outside.
#![allow(clippy::expect_used, clippy::print_stdout)] // A benchmark with a command line.

mod event;

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::event::{Letter, encode, hmac, parse, verify};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().expect("a file with an event");
    let times: u32 = arguments.next().and_then(|n| n.parse().ok()).expect("how often");
    let letter = Letter::sign(std::fs::read(file).expect("a file with an event"));
    if arguments.next().as_deref() == Some("--silent") {
        for _ in 0..times {
            verify(&letter);
            black_box(encode(parse(&letter)));
        }
        return;
    }
    let best = |work: &dyn Fn()| (0..20).map(|_| time(times, work)).min().unwrap_or_default().as_nanos();
    println!(
        "{}",
        serde_json::json!({
            "bytes": letter.body.len(),
            "hmac_ns": best(&|| drop(black_box(hmac(&letter)))),
            "verify_ns": best(&|| verify(&letter)),
            "parse_ns": best(&|| drop(black_box(parse(&letter)))),
            "all_ns": best(&|| {
                verify(&letter);
                black_box(encode(parse(&letter)));
            }),
        })
    );
}

/// The time of one, of many in a row.
fn time(times: u32, work: &dyn Fn()) -> Duration {
    let started = Instant::now();
    for _ in 0..times {
        work();
    }
    started.elapsed() / times
}
