//! A way to a database that can be told to be ill: silent, shut, or to a server that only reads.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::TestDatabase;

/// What is behind a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behind {
    /// The database.
    Database,
    /// The same, but it only reads, and says so: also to who is connected already.
    Reader,
    /// Something that takes connections and says nothing.
    Silence,
    /// Something that closes every connection at once.
    Nobody,
}

/// The parameter by which a server says that it only reads.
const READ_ONLY: &[u8] = b"default_transaction_read_only\0on\0";

/// A door to a database.
#[derive(Clone, Debug)]
pub struct Door {
    port: u16,
    database: String,
    behind: Arc<Mutex<Behind>>,
    opened: Arc<AtomicUsize>,
}

impl Door {
    /// A door to this database. It ends with the runtime.
    pub async fn to(database: &TestDatabase) -> Self {
        let server: tokio_postgres::Config = database.url("postgres").parse().expect("an address");
        let (to, name) = (server.get_ports()[0], server.get_dbname().expect("a name").to_owned());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let door = Self {
            port: listener.local_addr().expect("an address").port(),
            database: name,
            behind: Arc::new(Mutex::new(Behind::Database)),
            opened: Arc::default(),
        };
        let here = door.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                here.opened.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(here.clone().pass(client, to));
            }
        });
        door
    }

    /// Puts something else behind it.
    pub fn lead_to(&self, behind: Behind) {
        *self.behind.lock().expect("no task panics with it") = behind;
    }

    /// How often somebody knocked.
    pub fn opened(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }

    /// The database's address through several doors, in their order.
    pub fn url(login: &str, doors: &[&Self]) -> String {
        let hosts: Vec<String> = doors.iter().map(|door| format!("127.0.0.1:{}", door.port)).collect();
        format!("postgres://{login}@{}/{}", hosts.join(","), doors[0].database)
    }

    fn behind(&self) -> Behind {
        *self.behind.lock().expect("no task panics with it")
    }

    async fn pass(self, mut client: TcpStream, to: u16) {
        match self.behind() {
            Behind::Nobody => return,
            Behind::Silence => return std::future::pending().await,
            Behind::Database | Behind::Reader => {}
        }
        let mut server = TcpStream::connect(("127.0.0.1", to)).await.expect("the server");
        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = server.split();
        // The first message has a length and no type, and ends its parameters with a zero.
        let mut length = [0; 4];
        if from_client.read_exact(&mut length).await.is_err() {
            return;
        }
        let mut startup = vec![0; u32::from_be_bytes(length) as usize - 4];
        from_client.read_exact(&mut startup).await.expect("a message");
        // A request to cancel has a code instead, and 12 bytes.
        let has_parameters = startup.len() > 12;
        let told = AtomicBool::new(self.behind() == Behind::Reader);
        if has_parameters && told.load(Ordering::SeqCst) {
            startup.pop();
            startup.extend_from_slice(READ_ONLY);
            startup.push(0);
        }
        let length = u32::try_from(startup.len() + 4).expect("a length").to_be_bytes();
        to_server.write_all(&[&length[..], &startup].concat()).await.expect("the server reads");
        let forth = tokio::io::copy(&mut from_client, &mut to_server);
        let back = async {
            let mut buffer = vec![0; 64 * 1024];
            while let Ok(length @ 1..) = from_server.read(&mut buffer).await {
                // What comes after a pause begins with a message.
                if self.behind() == Behind::Reader && !told.swap(true, Ordering::SeqCst) {
                    let length = u32::try_from(READ_ONLY.len() + 4).expect("a length").to_be_bytes();
                    to_client.write_all(&[b"S", &length[..], READ_ONLY].concat()).await?;
                }
                to_client.write_all(&buffer[..length]).await?;
            }
            std::io::Result::Ok(())
        };
        tokio::select! { _ = forth => (), _ = back => () }
    }
}
