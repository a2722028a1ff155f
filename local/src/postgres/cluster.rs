//! One running server and its data directory.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio_postgres::{Client, NoTls};

use super::{Binaries, Owner};
use crate::child::{Child, Signal};
use crate::problem::Problem;

/// How much a crash of the machine may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// As in production.
    Full,
    /// Nothing survives a power failure, and everything is faster: for tests.
    None,
}

/// What becomes of the data when we end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// It stays for the next start.
    Kept,
    /// It is removed.
    Removed,
}

/// A running server. It ends when it is stopped or when this process ends, however that happens.
#[derive(Debug)]
pub struct Cluster {
    /// The server itself.
    pub server: Child,
    /// What it logs.
    pub log: PathBuf,
    port: u16,
}

const FAST_AND_FORGETFUL: &[&str] = &[
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "jit=off",
    "max_connections=300",
];

impl Cluster {
    /// Starts a server on `data`, which is made if it is not there. Port 0 takes a free one.
    ///
    /// # Errors
    /// If the port is taken or the server does not come up.
    pub async fn start(
        binaries: &Binaries,
        owner: Owner,
        data: &Path,
        port: u16,
        durability: Durability,
        lifetime: Lifetime,
    ) -> Result<Self, Problem> {
        let port = free_port(port)?;
        if !data.join("PG_VERSION").is_file() {
            initialize(binaries, owner, data)?;
        }
        // A server that was killed leaves its pid file, which the next one reads; one that still runs keeps
        // the data to itself.
        let log = data.join("server.log");
        let file = fs::File::create(&log).map_err(|error| Problem::file(&log, &error))?;
        let mut command = Command::new(binaries.program("postgres"));
        command.arg("-D").arg(data).args([
            "-p",
            &port.to_string(),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "unix_socket_directories=",
        ]);
        if durability == Durability::None {
            command.args(FAST_AND_FORGETFUL.iter().flat_map(|setting| ["-c", setting]));
        }
        // A group of its own: Ctrl-C is for us, and we end the server after what uses it.
        owner.run(&mut command).stdout(Stdio::null()).stderr(file);
        let server = Child::start(
            "PostgreSQL",
            &mut command,
            Signal::Interrupt,
            (lifetime == Lifetime::Removed).then_some(data),
        )?;
        let mut cluster = Self { server, log: log.clone(), port };
        cluster.wait_until_ready(&log).await?;
        Ok(cluster)
    }

    /// The address of a database for a login.
    pub fn url(&self, login: &str, database: &str) -> String {
        format!("postgres://{login}@127.0.0.1:{}/{database}", self.port)
    }

    /// Connects as the superuser of this local server.
    ///
    /// # Errors
    /// If the server refuses.
    pub async fn connect(&self, database: &str) -> Result<Client, tokio_postgres::Error> {
        let (client, connection) = tokio_postgres::connect(&self.url("postgres", database), NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// Ends the server: open connections are closed, what is committed is kept.
    pub async fn stop(self) {
        self.server.stop().await;
    }

    async fn wait_until_ready(&mut self, log: &Path) -> Result<(), Problem> {
        for _ in 0..600 {
            if self.server.has_ended() {
                break;
            }
            if self.connect("postgres").await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        let said = fs::read_to_string(log).unwrap_or_default();
        let last = said
            .lines()
            .rev()
            .find(|line| line.contains("FATAL") || line.contains("ERROR"))
            .unwrap_or("it said nothing");
        Err(Problem::new(format!("PostgreSQL did not come up: {last} (more in {}).", log.display())))
    }
}

fn initialize(binaries: &Binaries, owner: Owner, data: &Path) -> Result<(), Problem> {
    owner.make_private(data)?;
    let mut command = Command::new(binaries.program("initdb"));
    command.args(["-N", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "-D"]).arg(data);
    let output = owner.run(&mut command).stdin(Stdio::null()).output();
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            Err(Problem::new(format!("initdb failed: {}", String::from_utf8_lossy(&output.stderr).trim())))
        }
        Err(error) => Err(Problem::new(format!("initdb does not start: {error}."))),
    }
}

/// The port, if nobody listens on it; a free one for 0.
fn free_port(port: u16) -> Result<u16, Problem> {
    let listener = TcpListener::bind(("127.0.0.1", port)).map_err(|error| {
        Problem::new(format!(
            "Port {port}, which PostgreSQL should get, cannot be used: {error}. Choose others with --port."
        ))
    })?;
    listener
        .local_addr()
        .map(|address| address.port())
        .map_err(|error| Problem::new(format!("No port for PostgreSQL: {error}.")))
}
