//! `cargo openapi`: writes openapi.json anew from the handlers' types.
#![allow(clippy::print_stdout)] // It is a command.

use std::{fs, io};

fn main() -> io::Result<()> {
    let file = tests::root().join(tests::openapi::FILE);
    fs::write(&file, tests::openapi::text())?;
    println!("wrote {}", tests::openapi::FILE);
    Ok(())
}
