//! `cargo budgets`: what can be counted from outside of the code, against `budgets.yaml`: instructions, sizes
//! of programs, crates of each function. What a test can count, `tests/tests/budgets.rs` does.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use shared::config::Function;
use tests::budget::Budgets;

use crate::chapters::write_event;
use crate::programs;

#[derive(clap::Args)]
pub struct Arguments {
    /// Where `sam build` put the functions; without it no sizes are looked at.
    #[arg(long, value_name = "FOLDER")]
    zips: Option<PathBuf>,
}

/// Counts everything, and fails if something is more than its budget.
pub fn run(arguments: &Arguments) -> ExitCode {
    let root = tests::root();
    let mut counted = Vec::new();
    for function in Function::ALL {
        let name = function.name();
        counted.push((name, "crates", crates(&root, name)));
        if let Some(folder) = &arguments.zips {
            let (bytes, zipped) = size(&root.join(folder), name);
            counted.extend([(name, "binary_bytes", bytes), (name, "zip_bytes", zipped)]);
        }
    }
    if Command::new("valgrind").arg("--version").output().is_ok() {
        counted.push(("webhook", "instructions", instructions(&root)));
    } else {
        println!("There is no valgrind: no instructions were counted.");
    }
    match Budgets::read().hold(&counted) {
        Ok(()) => ExitCode::SUCCESS,
        Err(exceeded) => {
            eprint!("{exceeded}");
            ExitCode::FAILURE
        }
    }
}

/// How many crates a function consists of, itself included, on Lambda's platform.
fn crates(root: &Path, package: &str) -> u64 {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root).args(["tree", "--quiet", "--locked", "--edges", "normal", "--prefix", "none"]);
    cargo.args(["--target", "aarch64-unknown-linux-gnu", "--format", "{p}", "--package", package]);
    let output = cargo.output().expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let named = text.lines().filter_map(|line| line.split(" (").next());
    named.filter(|line| !line.is_empty()).collect::<BTreeSet<_>>().len() as u64
}

/// A function's program in bytes, and as large as a zip makes it: both are deflate.
fn size(folder: &Path, name: &str) -> (u64, u64) {
    let (first, rest) = name.split_at(1);
    let program = folder.join(format!("{}{rest}Function/bootstrap", first.to_uppercase()));
    let bytes = fs::metadata(&program).unwrap_or_else(|error| panic!("{}: {error}", program.display())).len();
    let zipped = Command::new("gzip").args(["-9", "--stdout"]).arg(&program).output().expect("gzip starts");
    (bytes, zipped.stdout.len() as u64)
}

/// Instructions that the webhook needs for one event before the database: verified, parsed, encoded.
fn instructions(root: &Path) -> u64 {
    let program = programs::build(root, "bench-decode", "counted");
    let file = write_event(root);
    let count = |times: u64| {
        let mut valgrind = Command::new("valgrind");
        valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
        valgrind.arg(&program).arg(&file).arg(times.to_string()).arg("--silent");
        let output = valgrind.output().expect("valgrind starts");
        let said = String::from_utf8_lossy(&output.stderr);
        let collected = said.split("Collected :").nth(1).and_then(|rest| rest.split_whitespace().next());
        collected.and_then(|number| number.parse::<u64>().ok()).unwrap_or_else(|| panic!("callgrind: {said}"))
    };
    // The start of the program is in both.
    let (few, many) = (count(100), count(1100));
    fs::remove_file(file).expect("the file that was written");
    (many - few) / 1000
}
