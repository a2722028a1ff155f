//! pgbench, PostgreSQL's own load generator: what the database does with a statement when nothing of ours
//! stands in front of it.

mod call;
mod script;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use local::postgres::Binaries;
use shared::clock::Clock;

pub use call::{Calls, capture};
pub use script::{floor_events, floor_reads};

use crate::machine::{Processes, TICKS};
use crate::requests::Population;
use crate::runtime::{Sample, quantile};

/// The program, and where it puts its logs.
pub struct Pgbench {
    program: PathBuf,
    folder: PathBuf,
}

/// Where it shall work, and as whom.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// An address as of libpq.
    pub url: &'a str,
    /// PostgreSQL's process.
    pub server: u32,
    /// What the database is filled with.
    pub population: Population,
}

impl Pgbench {
    /// Beside PostgreSQL's other programs. None: this PostgreSQL came without.
    pub fn find(binaries: &Binaries) -> Option<Self> {
        let program = binaries.program("pgbench");
        let folder = std::env::temp_dir().join(format!("promptforge-pgbench-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        program.is_file().then_some(Self { program, folder })
    }

    /// Keeps so many clients busy with a script for some seconds.
    pub fn run(&self, script: &str, target: Target<'_>, clients: u64, seconds: u64) -> Sample {
        let file = self.folder.join("script");
        fs::write(&file, script).expect("a file");
        let (payers, buyers) = (target.population.payers(), target.population.buyers());
        let mut command = Command::new(&self.program);
        command.args(["--no-vacuum", "--protocol=prepared", "--log", "--define=step=0"]);
        command.arg(format!("--log-prefix={}", self.folder.join("log").display()));
        command.arg(format!("--client={clients}")).arg(format!("--jobs={}", clients.min(2)));
        command.arg(format!("--time={seconds}")).arg("--file").arg(&file);
        let now = Clock::System.now().as_second();
        command.arg(format!("--define=now={now}"));
        for (name, value) in [("clients", clients), ("payers", payers), ("buyers", buyers)] {
            command.arg(format!("--define={name}={value}"));
        }
        let ticks = || Processes::now().family_ticks(target.server);
        let before = ticks();
        let output = command.arg(target.url).output().expect("pgbench starts");
        let ran = ticks().saturating_sub(before) as f64 / TICKS;
        let (said, errors) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "pgbench: {errors}\n{script}");
        let times = self.take_times();
        Sample {
            per_second: number_after(&said, "tps = "),
            p50: Some(quantile(&times, 0.5)),
            p99: Some(quantile(&times, 0.99)),
            database: Some(ran * 1e6 / times.len() as f64),
            ..Sample::default()
        }
    }

    /// What each transaction took, in milliseconds, sorted. The log's third column has microseconds.
    fn take_times(&self) -> Vec<f64> {
        let mut times = Vec::new();
        for entry in fs::read_dir(&self.folder).expect("a folder").flatten() {
            let path: &Path = &entry.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("log")) {
                let text = fs::read_to_string(path).expect("a log");
                let third = |line: &str| line.split(' ').nth(2)?.parse::<f64>().ok();
                times.extend(text.lines().filter_map(third).map(|microseconds| microseconds / 1e3));
                fs::remove_file(path).expect("a log");
            }
        }
        times.sort_by(f64::total_cmp);
        times
    }
}

impl Drop for Pgbench {
    fn drop(&mut self) {
        // Err: it is gone.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn number_after(text: &str, words: &str) -> f64 {
    let rest = text.split_once(words).map(|(_, rest)| rest).expect("pgbench tells it");
    rest.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
}
