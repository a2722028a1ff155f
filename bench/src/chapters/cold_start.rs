//! From the start of a program to its first request for work: what a caller waits for when Lambda starts an
//! instance, as far as it is in our hands.

use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::time::Instant;

use super::{COLD_START, HELLO};
use crate::plan::Plan;
use crate::programs::Programs;
use crate::report::{Line, Report};
use crate::rounds::median;
use crate::runtime::{Environment, Instance, quantile};

/// Starts every program again and again, by turns.
pub fn cold_start(
    plan: &Plan,
    programs: &Programs,
    functions: &[&str],
    environment: &Environment,
    report: &mut Report,
) {
    let names: Vec<&str> = std::iter::once(HELLO).chain(functions.iter().copied()).collect();
    let mut times: Vec<Vec<f64>> = names.iter().map(|_| Vec::new()).collect();
    for _ in 0..plan.starts {
        for (name, times) in names.iter().zip(&mut times) {
            times.push(start(&programs.path(name), environment));
        }
    }
    let hello = median(times[0].iter().copied()).unwrap_or_default();
    for (name, mut times) in names.iter().zip(times) {
        times.sort_by(f64::total_cmp);
        let p50 = median(times.iter().copied()).unwrap_or_default();
        let ratio = p50 / hello;
        let mut line = Line { chapter: COLD_START, what: (*name).to_owned(), ..Line::default() };
        line.sample.p50 = Some(p50);
        line.sample.p99 = Some(quantile(&times, 0.99));
        line.more = vec![("times_hello", ratio)];
        line.note = format!("{ratio:.2} × {HELLO}");
        report.add(line);
    }
}

/// Milliseconds.
fn start(program: &Path, environment: &Environment) -> f64 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let started = Instant::now();
    let _instance = Instance::start(program, &address, environment);
    let (mut stream, _) = listener.accept().expect("it connects");
    let mut request = [0; 1024];
    // One write: it is there as a whole, or its beginning is.
    let length = stream.read(&mut request).expect("it asks");
    let took = started.elapsed();
    assert!(request[..length].starts_with(b"GET "), "{} asks for work", program.display());
    took.as_secs_f64() * 1e3
}
