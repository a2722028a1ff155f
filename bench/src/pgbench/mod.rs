//! pgbench, PostgreSQL's own load generator: what the database does with a statement when nothing of ours
//! stands in front of it.

mod call;
mod script;

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use local::postgres::Binaries;
use shared::clock::Clock;

pub use call::{Calls, capture};
pub use script::{floor_events, floor_reads};

use crate::machine::Clocks;
use crate::requests::Population;
use crate::rounds::until_locks_are_had;
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

    /// Keeps so many clients busy with a script for some seconds, after they have warmed up. pgbench ends at
    /// the first error.
    pub fn run(&self, script: &str, target: Target<'_>, clients: u64, seconds: u64) -> Sample {
        until_locks_are_had("lock timeout", || {
            let attempt = self.attempt(script, target, clients, seconds);
            attempt.map_err(|errors| format!("pgbench: {errors}\n{script}"))
        })
    }

    fn attempt(
        &self,
        script: &str,
        target: Target<'_>,
        clients: u64,
        seconds: u64,
    ) -> Result<Sample, String> {
        let file = self.folder.join("script");
        fs::write(&file, script).expect("a file");
        let (warming, measured) = (warming(clients), Duration::from_secs(seconds));
        let (payers, buyers) = (target.population.payers(), target.population.buyers());
        let mut command = Command::new(&self.program);
        command.args(["--no-vacuum", "--protocol=prepared", "--log", "--define=step=0"]);
        command.arg(format!("--log-prefix={}", self.folder.join("log").display()));
        command.arg(format!("--client={clients}")).arg(format!("--jobs={}", clients.min(2)));
        let in_all = (warming + measured + TO_END).as_secs_f64().ceil();
        command.arg(format!("--time={in_all}")).arg("--file").arg(&file);
        let now = Clock::System.now().as_second();
        command.arg(format!("--define=now={now}"));
        for (name, value) in [("clients", clients), ("payers", payers), ("buyers", buyers)] {
            command.arg(format!("--define={name}={value}"));
        }
        command.arg(target.url).stdout(Stdio::null()).stderr(Stdio::piped());
        let pgbench = command.spawn().expect("pgbench starts");
        let look = || (Clock::System.now().as_microsecond(), Clocks::of_family(target.server));
        thread::sleep(warming);
        let (begun, before) = look();
        thread::sleep(measured);
        let (ended, after) = look();
        let output = pgbench.wait_with_output().expect("pgbench ends");
        let times = self.take_times(begun..ended);
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        assert!(!times.is_empty(), "pgbench did nothing in time\n{script}");
        let count = times.len() as f64;
        Ok(Sample {
            per_second: count * 1e6 / (ended - begun) as f64,
            p50: Some(quantile(&times, 0.5)),
            p99: Some(quantile(&times, 0.99)),
            database: Some(after.since(&before).as_secs_f64() * 1e6 / count),
            ..Sample::default()
        })
    }

    /// What each transaction took that ended within this time (Unix microseconds), in milliseconds, sorted.
    fn take_times(&self, within: Range<i64>) -> Vec<f64> {
        let mut times = Vec::new();
        for entry in fs::read_dir(&self.folder).expect("a folder").flatten() {
            let path: &Path = &entry.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("log")) {
                let text = fs::read_to_string(path).expect("a log");
                let transactions = text.lines().filter_map(transaction);
                times.extend(transactions.filter(|(at, _)| within.contains(at)).map(|(_, took)| took));
                fs::remove_file(path).expect("a log");
            }
        }
        times.sort_by(f64::total_cmp);
        times
    }
}

/// What pgbench has left after the measuring: it shall not end before.
const TO_END: Duration = Duration::from_millis(200);

/// How long each connection plans its statements and reads the functions' code, which later calls need not.
fn warming(clients: u64) -> Duration {
    Duration::from_millis(500 + 60 * clients)
}

/// A line of the log: when a transaction ended, in Unix microseconds, and what it took, in milliseconds. The
/// columns are client, number, microseconds, script, and the time as seconds and microseconds.
fn transaction(line: &str) -> Option<(i64, f64)> {
    let columns: Vec<i64> = line.split(' ').map_while(|column| column.parse().ok()).collect();
    Some((columns.get(4)? * 1_000_000 + columns.get(5)?, *columns.get(2)? as f64 / 1e3))
}

impl Drop for Pgbench {
    fn drop(&mut self) {
        // Err: it is gone.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_is_read_as_pgbench_logs_it() {
        assert_eq!(transaction("3 17 1250 0 1790000000 000042"), Some((1_790_000_000_000_042, 1.25)));
        assert_eq!(transaction(""), None);
    }
}
