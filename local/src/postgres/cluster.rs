//! One running server and its data directory.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};
use tokio_postgres::{Client, NoTls};

use super::{Binaries, Owner};
use crate::child::{Child, Signal};
use crate::port;
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

/// Who may log in from this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody, as everybody: for tests.
    Open,
    /// Who knows the password, which is made with the data and lies beside them.
    Password,
}

/// The password's file among the data.
const PASSWORD: &str = "promptforge-password";

/// A running server. It ends when it is stopped or when this process ends, however that happens.
#[derive(Debug)]
pub struct Cluster {
    /// The server itself.
    pub server: Child,
    /// What it logs.
    pub log: PathBuf,
    port: u16,
    /// Of the superuser. None: the server asks for none.
    password: Option<String>,
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
    /// Starts a server on `data`, which is made if it is not there. Port 0 takes a free one. Data that were
    /// made without a password go on without it.
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
        access: Access,
    ) -> Result<Self, Problem> {
        let port = port::free(port).map_err(|error| {
            let what = "which PostgreSQL should get, cannot be used";
            Problem::new(format!("Port {port}, {what}: {error}. Choose others with --port."))
        })?;
        if !data.join("PG_VERSION").is_file() {
            initialize(binaries, owner, data, access)?;
        }
        // None: the data are a test's, or older.
        let password = fs::read_to_string(data.join(PASSWORD)).ok();
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
        let mut cluster = Self { server, log: log.clone(), port, password };
        cluster.wait_until_ready(&log).await?;
        Ok(cluster)
    }

    /// The address of a database for a login.
    pub fn url(&self, login: &str, database: &str) -> String {
        let password = self.password.as_ref().map(|password| format!(":{password}")).unwrap_or_default();
        format!("postgres://{login}{password}@127.0.0.1:{}/{database}", self.port)
    }

    /// Gives these logins the server's password, if it asks for one.
    ///
    /// # Errors
    /// If the server refuses.
    pub async fn let_in(&self, logins: &[&str]) -> Result<(), tokio_postgres::Error> {
        let Some(password) = &self.password else { return Ok(()) };
        let client = self.connect("postgres").await?;
        for login in logins {
            client.batch_execute(&format!("alter role {login} password '{password}'")).await?;
        }
        Ok(())
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

fn initialize(binaries: &Binaries, owner: Owner, data: &Path, access: Access) -> Result<(), Problem> {
    owner.make_private(data)?;
    let mut command = Command::new(binaries.program("initdb"));
    command.args(["-N", "-U", "postgres", "-E", "UTF8", "--locale=C"]);
    let password = match access {
        Access::Open => None,
        Access::Password => Some(random_password()?),
    };
    // initdb wants its folder empty, so the password reaches it by another one that is as private.
    let mut beside = data.as_os_str().to_owned();
    beside.push(format!("-{}", std::process::id()));
    let beside = PathBuf::from(beside);
    match &password {
        None => drop(command.args(["-A", "trust"])),
        Some(password) => {
            owner.make_private(&beside)?;
            let file = beside.join(PASSWORD);
            fs::write(&file, password).map_err(|error| Problem::file(&file, &error))?;
            command.args(["-A", "scram-sha-256"]).arg("--pwfile").arg(file);
        }
    }
    command.arg("-D").arg(data);
    let output = owner.run(&mut command).stdin(Stdio::null()).output();
    if let Some(password) = &password {
        fs::remove_dir_all(&beside).map_err(|error| Problem::file(&beside, &error))?;
        if output.as_ref().is_ok_and(|output| output.status.success()) {
            let file = data.join(PASSWORD);
            fs::write(&file, password).map_err(|error| Problem::file(&file, &error))?;
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600))
                .map_err(|error| Problem::file(&file, &error))?;
        }
    }
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            Err(Problem::new(format!("initdb failed: {}", String::from_utf8_lossy(&output.stderr).trim())))
        }
        Err(error) => Err(Problem::new(format!("initdb does not start: {error}."))),
    }
}

/// Nobody guesses it.
fn random_password() -> Result<String, Problem> {
    let mut bytes = [0; 24];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Problem::new("The system gives no random numbers."))?;
    Ok(hex::encode(bytes))
}
