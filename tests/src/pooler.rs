//! The real PgBouncer in transaction mode, in front of a test's database.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use local::child::{Child, Signal};
use local::port;
use local::postgres::Owner;
use tokio_postgres::NoTls;

use crate::TestDatabase;

/// Where distributions install it.
const PROGRAMS: [&str; 3] = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/opt/homebrew/bin/pgbouncer"];

/// A running PgBouncer.
#[derive(Debug)]
pub struct Pooler {
    process: Child,
    port: u16,
    database: String,
}

impl Pooler {
    /// With `size` server connections for each login, and many more clients.
    pub async fn start(database: &TestDatabase, size: usize) -> Self {
        let program =
            PROGRAMS.iter().map(Path::new).find(|path| path.is_file()).expect("PgBouncer is installed");
        let port = port::free(0).expect("a port");
        let server: tokio_postgres::Config = database.url("postgres").parse().expect("an address");
        let (server_port, name) = (server.get_ports()[0], server.get_dbname().expect("a name").to_owned());
        let owner = Owner::detect().expect("a user for it");
        let folder = folder(port);
        owner.make_private(&folder).expect("a folder");
        let settings = format!(
            "[databases]\n{name} = host=127.0.0.1 port={server_port}\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
             auth_type = trust\nauth_file = {users}\n\
             pool_mode = transaction\ndefault_pool_size = {size}\nmax_client_conn = 500\n\
             server_reset_query =\nserver_reset_query_always = 0\n",
            users = folder.join("users.txt").display(),
        );
        let logins = ["billing_reader", "billing_checkout", "billing_events", "billing_operator", "pooler"];
        let users: String = logins.iter().map(|login| format!("\"{login}\" \"\"\n")).collect();
        for (file, text) in [("pgbouncer.ini", settings + "admin_users = pooler\n"), ("users.txt", users)] {
            let file = folder.join(file);
            fs::write(&file, text).expect("a file");
            // Another user reads it, in a folder that nobody else may enter.
            fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("a file's mode");
        }
        let log = fs::File::create(folder.join("log")).expect("a file");
        let mut command = Command::new(program);
        // It refuses root, as PostgreSQL does.
        owner.run(command.arg(folder.join("pgbouncer.ini"))).stderr(log);
        let process = Child::start("PgBouncer", &mut command, Signal::Interrupt, Some(&folder))
            .expect("PgBouncer starts");
        let pooler = Self { process, port, database: name };
        for _ in 0..200 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return pooler;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("PgBouncer did not come up: {}", fs::read_to_string(folder.join("log")).unwrap_or_default());
    }

    /// The database's address through it.
    pub fn url(&self, login: &str) -> String {
        format!("postgres://{login}@127.0.0.1:{}/{}", self.port, self.database)
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// How many connections it has to the server for a login.
    pub async fn server_connections(&self, login: &str) -> usize {
        let url = format!("postgres://pooler@127.0.0.1:{}/pgbouncer", self.port);
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.expect("its console");
        tokio::spawn(connection);
        let rows = client.simple_query("show servers").await.expect("its servers");
        let of_login = |message: &tokio_postgres::SimpleQueryMessage| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get("user") == Some(login),
            _ => false,
        };
        rows.iter().filter(|message| of_login(message)).count()
    }

    /// Whether PgBouncer has ended.
    pub fn has_ended(&mut self) -> bool {
        self.process.has_ended()
    }

    /// Ends PgBouncer and waits for that.
    pub async fn stop(self) {
        self.process.stop().await;
    }
}

fn folder(port: u16) -> PathBuf {
    std::env::temp_dir().join(format!("promptforge-pgbouncer-{}-{port}", std::process::id()))
}
