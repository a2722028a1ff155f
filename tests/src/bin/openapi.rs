//! `cargo openapi`: writes openapi.json anew from the handlers' types.
#![allow(clippy::print_stdout)] // It is a command.

use std::path::Path;
use std::{fs, io};

fn main() -> io::Result<()> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(tests::openapi::FILE);
    fs::write(&file, tests::openapi::text())?;
    println!("wrote {}", tests::openapi::FILE);
    Ok(())
}
