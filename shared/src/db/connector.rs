//! How a pool gets a connection: of several hosts the first that will do, and none is waited for so long that
//! the others are never asked. And how a statement is ended that nobody waits for any more.

use std::fmt;
use std::future::{pending, poll_fn};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use deadpool_postgres::{Connect, Object};
use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::config::{Config, Host};
use tokio_postgres::{Client, Connection, Error, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::telemetry::{metrics, request};

/// How long the server may take to hear that a statement shall end.
const CANCELING: Duration = Duration::from_secs(2);

/// Opens connections to the hosts of an address.
#[derive(Clone)]
pub(super) struct Tls(Option<MakeRustlsConnect>);

impl Tls {
    /// None: nothing leaves this machine.
    pub fn new(connector: Option<MakeRustlsConnect>) -> Self {
        Self(connector)
    }

    /// A connection, with the task that carries its messages.
    async fn connect(&self, config: &Config) -> Result<(Client, JoinHandle<()>), Error> {
        match self.0.clone() {
            None => {
                let (client, connection) = config.connect(NoTls).await?;
                Ok((client, tokio::spawn(carry(connection))))
            }
            Some(tls) => {
                let (client, connection) = config.connect(tls).await?;
                Ok((client, tokio::spawn(carry(connection))))
            }
        }
    }

    /// Closes a connection whose statement nobody waits for any more. First the server is asked to end the
    /// statement: else it finishes it, and holds its locks until then.
    pub fn abandon(&self, connection: Object) {
        metrics::statement_abandoned();
        let (token, tls) = (connection.cancel_token(), self.0.clone());
        // Open until the server has heard it: a pooler forgets whose statement it is.
        let connection = Object::take(connection);
        let Ok(runtime) = Handle::try_current() else { return };
        request::finish_before_the_answer(runtime.spawn(async move {
            let asking = async {
                match tls {
                    Some(tls) => token.cancel_query(tls).await,
                    None => token.cancel_query(NoTls).await,
                }
            };
            if let Ok(Err(error)) = timeout(CANCELING, asking).await {
                tracing::warn!(target: "billing", %error, "an abandoned statement could not be canceled");
            }
            drop(connection);
        }));
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Tls" } else { "NoTls" })
    }
}

/// What opens a pool's connections.
pub(super) struct Connector {
    /// The address of each host.
    hosts: Vec<Config>,
    /// How long each is waited for.
    patience: Duration,
    tls: Tls,
    /// The host that did last: it is asked first.
    last: AtomicUsize,
}

impl Connector {
    /// For an address that may name several hosts, which together are waited for `patience`.
    pub fn new(config: &Config, tls: Tls, patience: Duration) -> Self {
        let count = config.get_hosts().len().max(config.get_hostaddrs().len());
        let hosts: Vec<Config> = match count {
            0 | 1 => vec![config.clone()],
            _ => (0..count).map(|number| only(config, number)).collect(),
        };
        let patience = patience / u32::try_from(hosts.len()).unwrap_or(1);
        Self { hosts, patience, tls, last: AtomicUsize::new(0) }
    }

    async fn first_that_will_do(&self) -> Result<(Client, JoinHandle<()>), Error> {
        let (first, count) = (self.last.load(Ordering::Relaxed), self.hosts.len());
        let mut failure = None;
        for number in (first..first + count).map(|number| number % count) {
            let Some(host) = self.hosts.get(number) else { continue };
            match timeout(self.patience, self.tls.connect(host)).await {
                Ok(Ok(connected)) => {
                    self.last.store(number, Ordering::Relaxed);
                    return Ok(connected);
                }
                Ok(Err(error)) => failure = Some(error),
                Err(_) => tracing::warn!(target: "billing", number, "a host of the database is silent"),
            }
        }
        match failure {
            Some(error) => Err(error),
            // None said anything: the pool's own patience is over now.
            None => pending().await,
        }
    }
}

impl Connect for Connector {
    fn connect(&self, _: &Config) -> BoxFuture<'_, Result<(Client, JoinHandle<()>), Error>> {
        Box::pin(self.first_that_will_do())
    }
}

/// Carries a connection's messages until it ends. It also ends if its server wrote and now only reads: then
/// another one has taken its place, and what it answers grows old.
async fn carry<S, T>(mut connection: Connection<S, T>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    let wrote = !only_reads(&connection);
    let ended = poll_fn(|context| {
        loop {
            match connection.poll_message(context) {
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Pending if wrote && only_reads(&connection) => {
                    metrics::read_only();
                    return Poll::Ready(Ok(()));
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    });
    if let Err(error) = ended.await {
        tracing::warn!(target: "billing", %error, "a connection to the database was lost");
    }
}

/// What the server says of itself whenever it changes (PostgreSQL, "Asynchronous Operations").
fn only_reads<S, T>(connection: &Connection<S, T>) -> bool
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    ["in_hot_standby", "default_transaction_read_only"]
        .into_iter()
        .any(|name| connection.parameter(name) == Some("on"))
}

/// The same address with one of its hosts alone.
fn only(config: &Config, number: usize) -> Config {
    let mut one = Config::new();
    match config.get_hosts().get(number) {
        Some(Host::Tcp(name)) => {
            one.host(name);
        }
        #[cfg(unix)]
        Some(Host::Unix(path)) => {
            one.host_path(path);
        }
        None => {}
    }
    if let Some(address) = config.get_hostaddrs().get(number) {
        one.hostaddr(*address);
    }
    let ports = config.get_ports();
    if let Some(port) = ports.get(number).or(ports.first()) {
        one.port(*port);
    }
    if let Some(user) = config.get_user() {
        one.user(user);
    }
    if let Some(password) = config.get_password() {
        one.password(password);
    }
    if let Some(name) = config.get_dbname() {
        one.dbname(name);
    }
    if let Some(options) = config.get_options() {
        one.options(options);
    }
    if let Some(name) = config.get_application_name() {
        one.application_name(name);
    }
    if let Some(limit) = config.get_connect_timeout() {
        one.connect_timeout(*limit);
    }
    if let Some(limit) = config.get_tcp_user_timeout() {
        one.tcp_user_timeout(*limit);
    }
    if let Some(interval) = config.get_keepalives_interval() {
        one.keepalives_interval(interval);
    }
    if let Some(retries) = config.get_keepalives_retries() {
        one.keepalives_retries(retries);
    }
    one.keepalives(config.get_keepalives())
        .keepalives_idle(config.get_keepalives_idle())
        .ssl_mode(config.get_ssl_mode())
        .ssl_negotiation(config.get_ssl_negotiation())
        .channel_binding(config.get_channel_binding())
        .target_session_attrs(config.get_target_session_attrs())
        .load_balance_hosts(config.get_load_balance_hosts());
    one
}
