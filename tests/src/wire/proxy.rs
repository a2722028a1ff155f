//! The proxy itself: clients connect to it, it connects to the server.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio_postgres::Client;

use super::conversation::{Prepared, Traffic};
use super::message::Stream;

/// How long a client has to be silent before it gets the server's answers: what it sends until then, it can
/// send without them. So it does not depend on the machine's speed what is a round trip.
const QUIET: Duration = Duration::from_millis(50);

/// A proxy in front of a database, for logins that need no password.
#[derive(Debug)]
pub struct Wire {
    port: u16,
    database: String,
    traffic: Arc<Mutex<Traffic>>,
}

impl Wire {
    /// In front of the database of this address. It ends with the runtime.
    pub async fn tap(url: &str) -> Self {
        let server: tokio_postgres::Config = url.parse().expect("an address");
        let (server_port, database) =
            (server.get_ports()[0], server.get_dbname().expect("a name").to_owned());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let traffic = Arc::new(Mutex::new(Traffic::default()));
        let shared = Arc::clone(&traffic);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(("127.0.0.1", server_port)).await.expect("the server");
                carry(client, server, &shared);
            }
        });
        Self { port, database, traffic }
    }

    /// The database's address through it.
    pub fn url(&self, login: &str) -> String {
        format!("postgres://{login}@127.0.0.1:{}/{}", self.port, self.database)
    }

    /// What went over the wire since the last call.
    pub fn take(&self) -> Traffic {
        std::mem::take(&mut *self.traffic.lock().expect("no task panics with it"))
    }

    /// Has the server tell of every statement that a login's next connections execute, inside of functions
    /// too: by `auto_explain`, which PostgreSQL brings along.
    pub async fn explain(&self, superuser: &Client, login: &str) {
        superuser
            .batch_execute("load 'auto_explain'")
            .await
            .expect("PostgreSQL's own module auto_explain; some distributions have it in postgresql-contrib");
        for (name, value) in [
            ("session_preload_libraries", "auto_explain"),
            ("auto_explain.log_min_duration", "0"),
            ("auto_explain.log_nested_statements", "on"),
            ("auto_explain.log_format", "json"),
            ("auto_explain.log_level", "notice"),
            ("client_min_messages", "notice"),
        ] {
            let sql = format!("alter role {login} in database {} set {name} = '{value}'", self.database);
            superuser.batch_execute(&sql).await.expect("a setting");
        }
    }
}

/// What both directions of a connection know of each other.
struct Pace {
    last_spoke: Mutex<Instant>,
    /// The client has sent something since it was last answered.
    spoke: AtomicBool,
}

fn carry(client: TcpStream, server: TcpStream, traffic: &Arc<Mutex<Traffic>>) {
    let pace = Arc::new(Pace { last_spoke: Mutex::new(Instant::now()), spoke: AtomicBool::new(false) });
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    tokio::spawn(forth(from_client, to_server, Arc::clone(&pace), Arc::clone(traffic)));
    tokio::spawn(back(from_server, to_client, pace, Arc::clone(traffic)));
}

async fn forth(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    pace: Arc<Pace>,
    traffic: Arc<Mutex<Traffic>>,
) {
    let (mut stream, mut prepared, mut buffer) =
        (Stream::of_client(), Prepared::default(), vec![0; 64 * 1024]);
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        *pace.last_spoke.lock().expect("no task panics with it") = Instant::now();
        pace.spoke.store(true, Ordering::SeqCst);
        for message in stream.feed(&buffer[..length]) {
            traffic.lock().expect("no task panics with it").hear_client(&mut prepared, &message);
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

async fn back(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    pace: Arc<Pace>,
    traffic: Arc<Mutex<Traffic>>,
) {
    let (mut stream, mut buffer) = (Stream::of_server(), vec![0; 64 * 1024]);
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        loop {
            let silent = pace.last_spoke.lock().expect("no task panics with it").elapsed();
            let Some(left) = QUIET.checked_sub(silent).filter(|left| !left.is_zero()) else { break };
            tokio::time::sleep(left).await;
        }
        {
            let mut traffic = traffic.lock().expect("no task panics with it");
            traffic.round_trips += u64::from(pace.spoke.swap(false, Ordering::SeqCst));
            for message in stream.feed(&buffer[..length]) {
                traffic.hear_server(&message);
            }
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
