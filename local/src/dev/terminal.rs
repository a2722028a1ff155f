//! What the person at the terminal reads.
#![allow(clippy::print_stdout, clippy::print_stderr)] // This is the terminal.

use crate::problem::Problem;

/// A line.
pub fn line(text: &str) {
    println!("{text}");
}

/// What is being done, and takes a moment.
pub fn step(text: &str) {
    println!("  · {text}");
}

/// What went wrong.
pub fn problem(problem: &Problem) {
    eprintln!("cargo dev: {problem}");
}
