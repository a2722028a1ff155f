//! Embeds the SQL files beside this crate, in the order in which they are applied.
// How cargo and a build script speak to each other.
#![allow(clippy::disallowed_methods, clippy::print_stdout)]

use std::fmt::Write;
use std::path::Path;
use std::{env, fs, io};

/// Tables before what reads them, functions before the views and policies that call them.
const FOLDERS: [&str; 4] = ["tables", "functions", "views", "policies"];

fn main() -> io::Result<()> {
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let mut list = String::from("&[\n");
    for folder in FOLDERS {
        println!("cargo::rerun-if-changed={folder}");
        let mut names = Vec::new();
        for entry in fs::read_dir(Path::new(&root).join(folder))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if let Some(stem) = name.strip_suffix(".sql") {
                names.push((number(stem), stem.to_owned()));
            }
        }
        names.sort();
        for (_, stem) in names {
            let path = format!("{root}/{folder}/{stem}.sql");
            let file = format!("File {{ name: \"{folder}/{stem}\", sql: include_str!({path:?}) }},");
            writeln!(list, "{file}").map_err(io::Error::other)?;
        }
    }
    list.push(']');
    fs::write(Path::new(&env::var("OUT_DIR").map_err(io::Error::other)?).join("files.rs"), list)
}

/// The number of `V12__subject`, so that 12 comes after 2; 0 for a definition.
fn number(stem: &str) -> u32 {
    let digits = stem.strip_prefix('V').and_then(|rest| rest.split_once("__"));
    digits.and_then(|(digits, _)| digits.parse().ok()).unwrap_or_default()
}
