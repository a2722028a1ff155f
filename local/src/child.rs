//! Programs that we start: they end when we do, however we end.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::time::Duration;

use crate::problem::Problem;

/// A program that we started. It ends when this is dropped.
#[derive(Debug)]
pub struct Child {
    /// What a person calls it.
    pub name: String,
    process: std::process::Child,
    signal: Signal,
    /// A shell that waits for this pipe to close and ends the program then: it works after SIGKILL, too.
    _watchdog: (std::process::Child, ChildStdin),
}

/// How a program is asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT; PostgreSQL's fast shutdown.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

impl Child {
    /// Starts a program in a process group of its own, because Ctrl-C is for us: we end it after what uses
    /// it. `remove` is a folder that shall be gone once the program has ended.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start(
        name: &str,
        command: &mut Command,
        signal: Signal,
        remove: Option<&Path>,
    ) -> Result<Self, Problem> {
        let spawned = command.process_group(0).stdin(Stdio::null()).spawn();
        let mut process =
            spawned.map_err(|error| Problem::new(format!("{name} does not start: {error}.")))?;
        match watchdog(process.id(), signal, remove) {
            Some(watchdog) => Ok(Self { name: name.to_owned(), process, signal, _watchdog: watchdog }),
            None => {
                let ended = process.kill();
                Err(Problem::new(format!(
                    "sh does not start, which ends {name} with this program ({ended:?})."
                )))
            }
        }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.process.try_wait(), Ok(None))
    }

    /// Asks it to end and waits until it has: after five seconds it is ended without being asked.
    pub async fn stop(mut self) {
        let told = Command::new("kill")
            .args([self.signal.flag(), &self.pid().to_string()])
            .stderr(Stdio::null())
            .status();
        for _ in 0..250 {
            if told.is_err() || self.has_ended() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // Err: it ended in this moment.
        let _ = self.process.kill();
    }
}

impl Signal {
    fn flag(self) -> &'static str {
        match self {
            Self::Interrupt => "-INT",
            Self::Terminate => "-TERM",
        }
    }
}

fn watchdog(pid: u32, signal: Signal, remove: Option<&Path>) -> Option<(std::process::Child, ChildStdin)> {
    let script = "read _; kill $1 $0 2>/dev/null; \
                  if [ -n \"$2\" ]; then \
                  while kill -0 $0 2>/dev/null; do sleep 0.05; done; rm -rf \"$2\"; fi";
    let mut command = Command::new("sh");
    command
        .args(["-c", script, &pid.to_string(), signal.flag()])
        .arg(remove.map(PathBuf::from).unwrap_or_default());
    let quiet = command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut shell = quiet.spawn().ok()?;
    let pipe = shell.stdin.take()?;
    Some((shell, pipe))
}
