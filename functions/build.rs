//! Links a function's program to a fixed address. Else each instance begins with writing 23,000 addresses
//! anew, which takes a fifth of its start (docs/PERFORMANCE.md).
// How cargo and a build script speak to each other.
#![allow(clippy::disallowed_methods, clippy::print_stdout)]

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=../build.rs");
    // A Mac takes no program like that.
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
