//! A PostgreSQL server that can be killed, frozen and started again on its data and its port.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use local::postgres::{Access, Cluster, Durability, Lifetime};
use tokio::sync::OnceCell;
use tokio_postgres::Config;

use crate::database::{data, prepare, programs};

/// The one of this process: worlds that disturb it come one after the other.
static SHARED: OnceCell<Server> = OnceCell::const_new();

/// How long a server may take to come up again.
const PATIENCE: Duration = Duration::from_secs(60);

/// The server.
#[derive(Debug)]
pub struct Server {
    /// How it is reached: its port stays.
    pub cluster: &'static Cluster,
    data: PathBuf,
    port: u16,
    running: Mutex<Option<Cluster>>,
}

impl Server {
    /// The one of this process, with the template of the tests' databases.
    pub async fn shared() -> &'static Self {
        SHARED.get_or_init(Self::start).await
    }

    async fn start() -> Self {
        let data = data("faults");
        // What is committed must survive.
        let (owner, binaries) = programs();
        let cluster =
            Cluster::start(&binaries, owner, &data, 0, Durability::Full, Lifetime::Removed, Access::Open)
                .await;
        let cluster: &'static Cluster = Box::leak(Box::new(cluster.expect("the server starts")));
        prepare(cluster).await;
        // From now on it is one whose end is noticed. This one stays for its port, and to remove the data.
        signal("INT", &[cluster.server.pid()]);
        let server = Self { cluster, data, port: port(cluster), running: Mutex::default() };
        server.restart().await;
        server
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Kills all of its processes at once.
    pub fn kill(&self) {
        signal("KILL", &family(self.pid()));
    }

    /// Has it shut down without tidying up.
    pub fn stop_at_once(&self) {
        signal("QUIT", &[self.pid()]);
    }

    /// Stops all of its processes where they are.
    pub fn freeze(&self) {
        signal("STOP", &family(self.pid()));
    }

    /// They go on.
    pub fn thaw(&self) {
        signal("CONT", &family(self.pid()));
    }

    /// Lets none of its processes write beyond so many bytes of a file. Linux only.
    ///
    /// # Errors
    /// If that cannot be.
    pub fn limit_files(&self, bytes: u64) -> Result<(), String> {
        let (owner, _) = programs();
        let pids = family(self.pid());
        let limited = pids.iter().filter(|pid| {
            let mut limit = Command::new("prlimit");
            limit.arg(format!("--pid={pid}")).arg(format!("--fsize={bytes}:")).stderr(Stdio::null());
            owner.run(&mut limit).status().is_ok_and(|status| status.success())
        });
        match limited.count() {
            0 => Err("prlimit does not limit the files of PostgreSQL".to_owned()),
            _ => Ok(()),
        }
    }

    /// Starts it again once it is gone.
    pub async fn restart(&self) {
        let begun = Instant::now();
        let before = self.running.lock().expect("no test panics with it").take();
        if let Some(mut before) = before {
            while !before.server.has_ended() {
                assert!(begun.elapsed() < PATIENCE, "the server does not end");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        let (owner, binaries) = programs();
        loop {
            // Until the last process of the one before is gone, a new one does not start.
            let (durability, lifetime) = (Durability::Full, Lifetime::Kept);
            let again =
                Cluster::start(&binaries, owner, &self.data, self.port, durability, lifetime, Access::Open)
                    .await;
            match again {
                Ok(cluster) => {
                    *self.running.lock().expect("no test panics with it") = Some(cluster);
                    return;
                }
                Err(problem) => assert!(begun.elapsed() < PATIENCE, "{problem:?}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    fn pid(&self) -> u32 {
        let running = self.running.lock().expect("no test panics with it");
        running.as_ref().expect("it runs").server.pid()
    }
}

/// The port that a server listens on.
pub fn port(cluster: &Cluster) -> u16 {
    let url: Config = cluster.url("postgres", "postgres").parse().expect("an address");
    url.get_ports()[0]
}

/// Kills all processes of a server that is not coming back.
pub fn kill(cluster: &Cluster) {
    signal("KILL", &family(cluster.server.pid()));
}

/// Sends a signal by its name. A process that has ended takes none.
pub fn signal(name: &str, pids: &[u32]) {
    let mut kill = Command::new("kill");
    kill.arg(format!("-{name}")).args(pids.iter().map(u32::to_string));
    // Err: one of them has just ended.
    let _ = kill.stderr(Stdio::null()).status();
}

/// A process and all its children.
fn family(parent: u32) -> Vec<u32> {
    let listed = Command::new("ps").args(["-A", "-o", "pid=", "-o", "ppid="]).output().expect("ps");
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let children = listed.lines().filter_map(|line| {
        let (pid, its_parent) = line.trim().split_once(' ')?;
        (its_parent.trim().parse() == Ok(parent)).then(|| pid.parse().ok())?
    });
    std::iter::once(parent).chain(children).collect()
}
