//! Connections: few, verified, replaced when they die. Works through a pooler in transaction mode, so nothing
//! here prepares a named statement or sets anything that outlives a transaction.

use std::time::Duration;

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType,
};
use scopeguard::{ScopeGuard, guard};
use tokio::time::{error::Elapsed, timeout};
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, NoTls, Row};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::config::Secret;
use crate::db::address::{Address, InvalidUrl};
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
/// How often work is begun again after a deadlock, a serialization failure or a lost connection.
const TRIES: u32 = 3;

/// Values of a statement, with their types: so it needs no preparation, which would be a round trip of its
/// own.
pub(super) type Params<'a> = &'a [(&'a (dyn ToSql + Sync), Type)];

/// The database, through a pool of connections.
#[derive(Clone, Debug)]
pub struct Db {
    pool: Pool,
}

/// Why the database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No connection was to be had: the server is down, or the pool is exhausted.
    #[error("no connection: {0}")]
    Connect(#[from] PoolError),
    /// A statement failed, or the connection was lost while it ran.
    #[error("{0}")]
    Query(#[from] tokio_postgres::Error),
    /// A statement took too long.
    #[error("no answer in time")]
    Timeout,
    /// A replica is the only database there is, and has not replayed yet what the caller has seen.
    #[error("the replica is behind what the caller has seen")]
    Behind,
    /// The database answered something that this code does not understand.
    #[error("unexpected answer: {0}")]
    Answer(String),
}

impl Error {
    /// Whether the same call can be expected to work a little later.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Connect(_) | Self::Timeout | Self::Behind => true,
            Self::Query(error) => match error.code() {
                // Class 53: insufficient resources; 55: a lock not to be had; 57: operator intervention; 08:
                // connection exception.
                Some(code) => ["53", "55", "57", "08"].iter().any(|class| code.code().starts_with(class)),
                None => error.is_closed(),
            },
            Self::Answer(_) => false,
        }
    }

    /// Whether the database did not let us in (PostgreSQL, "Error Codes": class 28, invalid authorization).
    pub fn is_login_refused(&self) -> bool {
        let error = match self {
            Self::Connect(PoolError::Backend(error)) | Self::Query(error) => error,
            _ => return false,
        };
        error.code().is_some_and(|code| {
            [SqlState::INVALID_PASSWORD, SqlState::INVALID_AUTHORIZATION_SPECIFICATION].contains(code)
        })
    }

    /// Whether somebody else held a lock for longer than the work may wait.
    fn is_lock_not_had(&self) -> bool {
        matches!(self, Self::Query(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE))
    }

    /// Whether nothing was done and the same statement may simply run again.
    fn is_transient(&self) -> bool {
        match self {
            Self::Query(error) => {
                error.is_closed()
                    || error.code().is_some_and(|code| {
                        [
                            SqlState::T_R_DEADLOCK_DETECTED,
                            SqlState::T_R_SERIALIZATION_FAILURE,
                            SqlState::ADMIN_SHUTDOWN,
                        ]
                        .contains(code)
                    })
            }
            _ => false,
        }
    }
}

impl Db {
    /// Prepares a pool of at most `size` connections. Connects when a connection is first needed.
    ///
    /// # Errors
    /// If the address or the CA file cannot be read.
    pub fn new(url: &Secret, ca: Option<&str>, size: usize) -> Result<Self, InvalidUrl> {
        Self::with_lifetime(url, ca, size, LIFETIME)
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
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match target(url, ca)? {
            (config, None) => Manager::from_config(config, NoTls, recycling),
            (config, Some(tls)) => Manager::from_config(config, tls, recycling),
        };
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
        Ok(Self { pool })
    }

    /// Runs one statement in a transaction of its own: one round trip.
    ///
    /// It runs again on another connection if the first one turned out dead (a frozen instance's often is),
    /// and after a deadlock. So it must be safe to run twice: ours are, because an event's claim commits with
    /// its effects.
    pub(super) async fn query(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>, Error> {
        let _timer = Timer::start(Part::Database);
        let mut tries = 1;
        loop {
            let connection = self.connection().await?;
            let answer = timeout(STATEMENT_TIMEOUT, connection.query_typed(sql, params)).await;
            if let Some(rows) = answered(connection, answer, &mut tries)? {
                return Ok(rows);
            }
        }
    }

    async fn connection(&self) -> Result<Lease, Error> {
        loop {
            match self.pool.get().await {
                Err(PoolError::Timeout(TimeoutType::Recycle)) => {}
                connection => return Ok(guard(connection?, |abandoned| drop(Object::take(abandoned)))),
            }
        }
    }
}

/// A connection that is closed, and not given to anybody else, if nobody waits for its statement any more: it
/// may still run.
type Lease = ScopeGuard<Object, fn(Object)>;

/// What a statement answered in time, or None if it shall run again.
fn answered(
    connection: Lease,
    answer: Result<Result<Vec<Row>, tokio_postgres::Error>, Elapsed>,
    tries: &mut u32,
) -> Result<Option<Vec<Row>>, Error> {
    let answer = answer.map_err(|_| Error::Timeout)?;
    drop(ScopeGuard::into_inner(connection));
    let error = match answer {
        Ok(rows) => return Ok(Some(rows)),
        Err(error) => Error::from(error),
    };
    if error.is_lock_not_had() {
        metrics::lock_not_had();
    }
    if *tries == TRIES || !error.is_transient() {
        return Err(error);
    }
    tracing::warn!(target: "billing", tries, %error, "a statement runs again");
    *tries += 1;
    Ok(None)
}

/// Where to connect and how: encrypted and verified, unless it is this machine.
fn target(url: &Secret, ca: Option<&str>) -> Result<(Config, Option<MakeRustlsConnect>), InvalidUrl> {
    let Address { mut config, authority, is_local, asks_for_encryption } = Address::read(url.expose())?;
    config.connect_timeout(CONNECT_TIMEOUT).application_name("promptforge-billing");
    config
        .keepalives_idle(Duration::from_secs(30))
        .keepalives_interval(PROBES.0)
        .keepalives_retries(PROBES.1);
    config.tcp_user_timeout(SILENCE);
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
    match target(url, ca)? {
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
