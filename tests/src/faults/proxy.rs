//! A wire that can be cut, slow or dead: a TCP proxy between a function and its database.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_postgres::Config;

/// The port of a server that may move: all wires to it follow.
pub type Target = Arc<AtomicU16>;

/// How a wire is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Everything passes.
    Open,
    /// Every piece passes so much later.
    Slow(Duration),
    /// Of so many pieces in a hundred each is lost, and sent again until it is not: first after 200 ms, then
    /// each time after twice as long, as TCP does it.
    Lossy(u8),
    /// Nothing passes, neither data nor the end of a connection, and nobody is told. What was sent meanwhile
    /// passes later, as TCP does it.
    Silent,
    /// Every connection has ended, and a new one ends at once.
    Closed,
}

/// A proxy. Its listener ends with the runtime.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    line: watch::Sender<Line>,
}

/// How the wire is, and how often its connections were ended.
#[derive(Clone, Copy, Debug)]
struct Line {
    mode: Mode,
    cuts: u64,
}

impl Proxy {
    /// An open wire to the server.
    pub async fn start(target: &Target) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (line, following) = watch::channel(Line { mode: Mode::Open, cuts: 0 });
        let target = Arc::clone(target);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, Arc::clone(&target), following.clone()));
            }
        });
        Self { port, line }
    }

    /// A database's address through this wire.
    pub fn through(&self, url: &str) -> String {
        let direct: Config = url.parse().expect("an address");
        url.replace(&format!(":{}/", direct.get_ports()[0]), &format!(":{}/", self.port))
    }

    /// Makes the wire so.
    pub fn set(&self, mode: Mode) {
        self.line.send_modify(|line| {
            line.mode = mode;
            line.cuts += u64::from(mode == Mode::Closed);
        });
    }

    /// Ends every connection. New ones can be made.
    pub fn cut(&self) {
        self.line.send_modify(|line| line.cuts += 1);
    }
}

async fn carry(client: TcpStream, target: Target, mut line: watch::Receiver<Line>) {
    let born = line.borrow_and_update().cuts;
    if line.borrow().mode == Mode::Closed || audible(&mut line, born).await.is_none() {
        return;
    }
    let Ok(server) = TcpStream::connect(("127.0.0.1", target.load(Ordering::SeqCst))).await else { return };
    // Err: it has ended already.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    let forth = pass(from_client, to_server, line.clone(), born);
    let back = pass(from_server, to_client, line, born);
    futures_util::join!(forth, back);
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut line: watch::Receiver<Line>, born: u64) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let length = tokio::select! {
            read = from.read(&mut buffer) => read.unwrap_or_default(),
            () = ended(line.clone(), born) => return,
        };
        let Some(delay) = audible(&mut line, born).await else { return };
        tokio::time::sleep(delay).await;
        if length == 0 || to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

/// Waits until something can pass, and tells how late it is then. None: the connection was ended.
async fn audible(line: &mut watch::Receiver<Line>, born: u64) -> Option<Duration> {
    let now = line.wait_for(|line| line.cuts != born || line.mode != Mode::Silent).await.ok()?;
    match now.mode {
        _ if now.cuts != born => None,
        Mode::Slow(delay) => Some(delay),
        Mode::Lossy(percent) => {
            let again = (0..4).take_while(|_| fastrand::u8(..100) < percent);
            Some(again.map(|losses| Duration::from_millis(200 << losses)).sum())
        }
        _ => Some(Duration::ZERO),
    }
}

async fn ended(mut line: watch::Receiver<Line>, born: u64) {
    // Err: the wire itself is gone, and so has ended.
    let _ = line.wait_for(|line| line.cuts != born).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn echo() -> Target {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    tokio::io::copy(&mut from, &mut to).await
                });
            }
        });
        Arc::new(AtomicU16::new(port))
    }

    async fn say(stream: &mut TcpStream) -> std::io::Result<usize> {
        stream.write_all(b"a").await?;
        stream.read(&mut [0; 8]).await
    }

    #[tokio::test]
    async fn a_silent_wire_holds_back_what_an_open_one_passes() {
        let wire = Proxy::start(&echo().await).await;
        let mut stream = TcpStream::connect(("127.0.0.1", wire.port)).await.unwrap();
        assert_eq!(say(&mut stream).await.unwrap(), 1);
        wire.set(Mode::Silent);
        stream.write_all(b"b").await.unwrap();
        let mut answer = [0; 8];
        let waited = tokio::time::timeout(Duration::from_millis(100), stream.read(&mut answer)).await;
        assert!(waited.is_err());
        wire.set(Mode::Open);
        assert_eq!(stream.read(&mut answer).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_cut_ends_what_is_connected_and_a_closed_wire_takes_nobody() {
        let wire = Proxy::start(&echo().await).await;
        let mut stream = TcpStream::connect(("127.0.0.1", wire.port)).await.unwrap();
        assert_eq!(say(&mut stream).await.unwrap(), 1);
        wire.cut();
        assert!(!matches!(stream.read(&mut [0; 8]).await, Ok(1..)));
        let mut again = TcpStream::connect(("127.0.0.1", wire.port)).await.unwrap();
        assert_eq!(say(&mut again).await.unwrap(), 1);
        wire.set(Mode::Closed);
        assert!(!matches!(again.read(&mut [0; 8]).await, Ok(1..)));
        let mut refused = TcpStream::connect(("127.0.0.1", wire.port)).await.unwrap();
        assert!(!matches!(say(&mut refused).await, Ok(1..)));
    }
}
