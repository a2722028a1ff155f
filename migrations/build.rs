//! Builds the crate anew when a migration is added: the macro that embeds them does not notice.
#![allow(clippy::print_stdout)] // How a build script speaks to cargo.

fn main() {
    println!("cargo::rerun-if-changed=.");
}
