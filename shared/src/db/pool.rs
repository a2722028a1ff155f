//! Connections: few, verified, replaced when they die. Works through a pooler in transaction mode, so nothing
//! here prepares a named statement or sets anything that outlives a transaction.

use std::time::{Duration, Instant};

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType,
};
use scopeguard::{ScopeGuard, guard};
use tokio::time::timeout;
use tokio_postgres::config::{SslMode, TargetSessionAttrs};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, NoTls, Row};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::config::Secret;
use crate::db::Error;
use crate::db::address::{Address, InvalidUrl};
use crate::db::connector::{Connector, Tls};
use crate::db::tls::{self, Authority};
use crate::telemetry::metrics;
use crate::telemetry::request::{Part, Timer};

/// How long a request waits for a connection before it is told to come back.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a statement may take, waiting for locks included: far more than any needs, and less than a
/// function's own limit.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(8);
/// How long sent data may stay unacknowledged before a connection counts as dead: a frozen instance's often
/// is, without a word.
const SILENCE: Duration = Duration::from_secs(4);
/// How often the kernel asks after the server on a connection that nothing is sent on, and how often in vain
/// before it is dead.
const PROBES: (Duration, u32) = (Duration::from_secs(10), 3);
/// How long a connection is used: so that a failover, a new address behind the name and a changed password
/// take everywhere.
const LIFETIME: Duration = Duration::from_secs(10 * 60);
/// How long one address of the server may take: there may be others behind its name.
const ADDRESS_TIMEOUT: Duration = Duration::from_millis(2500);
/// How long a server that refuses connections is waited for: a restart takes less.
const RESTART: Duration = Duration::from_secs(5);
/// How long to wait before it is asked again.
const KNOCK: Duration = Duration::from_millis(150);
/// How often work is begun again after a deadlock, a serialization failure or a lost connection.
const TRIES: u32 = 3;

/// Values of a statement, with their types: so it needs no preparation, which would be a round trip of its
/// own.
pub(super) type Params<'a> = &'a [(&'a (dyn ToSql + Sync), Type)];

/// The database, through a pool of connections.
#[derive(Clone, Debug)]
pub struct Db {
    pool: Pool,
    tls: Tls,
}

impl Db {
    /// Prepares a pool of at most `size` connections. Connects when a connection is first needed.
    ///
    /// # Errors
    /// If the address or the CA file cannot be read.
    pub fn new(url: &Secret, ca: Option<&str>, size: usize) -> Result<Self, InvalidUrl> {
        Self::with_lifetime(url, ca, size, LIFETIME)
    }

    /// The same for replicas: they only read, and may all be taken.
    ///
    /// # Errors
    /// If the address or the CA file cannot be read.
    pub fn of_replicas(url: &Secret, ca: Option<&str>, size: usize) -> Result<Self, InvalidUrl> {
        Self::open(target(url, ca, TargetSessionAttrs::Any)?, size, LIFETIME)
    }

    /// The same with connections that are used for `lifetime`.
    ///
    /// # Errors
    /// If the address or the CA file cannot be read.
    pub fn with_lifetime(
        url: &Secret,
        ca: Option<&str>,
        size: usize,
        lifetime: Duration,
    ) -> Result<Self, InvalidUrl> {
        Self::open(target(url, ca, TargetSessionAttrs::ReadWrite)?, size, lifetime)
    }

    fn open((config, tls): Target, size: usize, lifetime: Duration) -> Result<Self, InvalidUrl> {
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let tls = Tls::new(tls);
        let connector = Connector::new(&config, tls.clone(), CONNECT_TIMEOUT);
        let manager = Manager::from_connect(config, connector, recycling);
        let pool = Pool::builder(manager)
            .max_size(size)
            .pre_recycle(Hook::sync_fn(move |_, metrics| {
                if metrics.age() < lifetime { Ok(()) } else { Err(HookError::message("its time is over")) }
            }))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(CONNECT_TIMEOUT))
            .create_timeout(Some(CONNECT_TIMEOUT))
            .build()
            .map_err(|error| InvalidUrl(error.to_string()))?;
        Ok(Self { pool, tls })
    }

    /// Runs one statement in a transaction of its own: one round trip.
    ///
    /// It runs again on another connection if the first one turned out dead (a frozen instance's often is),
    /// or leads to a server that only reads, and after a deadlock. So it must be safe to run twice: ours are,
    /// because an event's claim commits with its effects.
    pub(super) async fn query(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>, Error> {
        let _timer = Timer::start(Part::Database);
        let mut tries = 1;
        loop {
            // It may still run when nobody waits for it any more.
            let lease = guard(self.connection().await?, |abandoned| self.tls.abandon(abandoned));
            let Ok(answer) = timeout(STATEMENT_TIMEOUT, lease.query_typed(sql, params)).await else {
                return Err(Error::Timeout);
            };
            let connection = ScopeGuard::into_inner(lease);
            let error = match answer {
                Ok(rows) => return Ok(rows),
                Err(error) => Error::from(error),
            };
            let is_read_only = error.is_read_only();
            if is_read_only {
                metrics::read_only();
                // Not only this one: all of them lead to the server that only reads.
                drop(Object::take(connection));
                self.pool.retain(|_, _| false);
            } else {
                drop(connection);
            }
            if error.is_lock_not_had() {
                metrics::lock_not_had();
            }
            if tries == TRIES || !(is_read_only || error.is_transient()) {
                return Err(error);
            }
            tracing::warn!(target: "billing", tries, %error, "a statement runs again");
            if is_read_only {
                tokio::time::sleep(KNOCK).await;
            }
            tries += 1;
        }
    }

    /// A connection. If the server refuses one, it may be starting again: then once more, for a while.
    async fn connection(&self) -> Result<Object, Error> {
        let began = Instant::now();
        loop {
            match self.pool.get().await.map_err(Error::from) {
                Ok(connection) => return Ok(connection),
                Err(Error::Connect(PoolError::Timeout(TimeoutType::Recycle))) => {}
                Err(error) if error.may_connect_soon() && began.elapsed() < RESTART => {
                    tokio::time::sleep(KNOCK).await;
                }
                Err(error) => {
                    if error.is_limit_reached() {
                        metrics::connection_refused();
                    }
                    return Err(error);
                }
            }
        }
    }
}

/// Where to connect and how.
type Target = (Config, Option<MakeRustlsConnect>);

/// Where to connect and how: encrypted and verified, unless it is this machine. `wanted`: of several servers.
fn target(url: &Secret, ca: Option<&str>, wanted: TargetSessionAttrs) -> Result<Target, InvalidUrl> {
    let Address { mut config, authority, is_local, asks_for_encryption } = Address::read(url.expose())?;
    let says_which = url.expose().contains("target_session_attrs");
    config.connect_timeout(ADDRESS_TIMEOUT).application_name("promptforge-billing");
    config
        .keepalives_idle(Duration::from_secs(30))
        .keepalives_interval(PROBES.0)
        .keepalives_retries(PROBES.1);
    config.tcp_user_timeout(SILENCE);
    // Unless the address says otherwise.
    if config.get_hosts().len() > 1 && !says_which {
        config.target_session_attrs(wanted);
    }
    let authority = ca.map(Authority::of_variable).or(authority);
    if is_local && authority.is_none() && !asks_for_encryption {
        return Ok((config, None));
    }
    config.ssl_mode(SslMode::Require);
    Ok((config, Some(tls::connector(authority.as_ref()).map_err(InvalidUrl)?)))
}

/// Whether the address is one of this machine. An address that cannot be read is none.
pub fn is_local(url: &Secret) -> bool {
    Address::read(url.expose()).is_ok_and(|address| address.is_local)
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address or the certificates cannot be used.
    #[error(transparent)]
    Address(#[from] InvalidUrl),
    /// The database cannot be reached, or refused the login.
    #[error("the database cannot be reached: {0}{cause}", cause = because(.0))]
    Refused(#[from] tokio_postgres::Error),
}

/// The cause that the driver's own sentence leaves out.
fn because(error: &tokio_postgres::Error) -> String {
    std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default()
}

/// One connection of its own, for an operator's work.
///
/// # Errors
/// See [`ConnectError`].
pub async fn connect(url: &Secret, ca: Option<&str>) -> Result<Client, ConnectError> {
    match target(url, ca, TargetSessionAttrs::ReadWrite)? {
        (config, None) => {
            let (client, connection) = config.connect(NoTls).await?;
            tokio::spawn(connection);
            Ok(client)
        }
        (config, Some(tls)) => {
            let (client, connection) = config.connect(tls).await?;
            tokio::spawn(connection);
            Ok(client)
        }
    }
}
