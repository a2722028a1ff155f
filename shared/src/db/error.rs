//! Why the database did not do what it was asked, and what follows from that.

use std::io::ErrorKind;

use deadpool_postgres::PoolError;
use tokio_postgres::error::SqlState;

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
                // Class 08: connection exception; 25: among others, a server that only reads; 40: rolled back
                // for the sake of others; 53: insufficient resources; 55: a lock not to be had; 57: operator
                // intervention; 58: an error of the system, such as of its disk.
                Some(code) => ["08", "25", "40", "53", "55", "57", "58"]
                    .iter()
                    .any(|class| code.code().starts_with(class)),
                None => is_lost(error),
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

    /// Whether the server only reads: after a failover it is the old primary, and another one writes.
    pub(super) fn is_read_only(&self) -> bool {
        matches!(self, Self::Query(error) if error.code() == Some(&SqlState::READ_ONLY_SQL_TRANSACTION))
    }

    /// Whether the server is about to be there: it refuses connections, closes them, or says that it is
    /// starting or ending. Or no host of several writes yet, because one is being made the primary.
    pub(super) fn may_connect_soon(&self) -> bool {
        let Self::Connect(PoolError::Backend(error)) = self else { return false };
        match error.code() {
            Some(code) => code.code().starts_with("08") || RESTARTING.contains(code),
            None => {
                error.is_closed()
                    || io_error(error).is_some_and(|cause| {
                        matches!(
                            cause.kind(),
                            ErrorKind::ConnectionRefused
                                | ErrorKind::ConnectionReset
                                | ErrorKind::ConnectionAborted
                                | ErrorKind::BrokenPipe
                                | ErrorKind::UnexpectedEof
                                | ErrorKind::PermissionDenied
                        )
                    })
            }
        }
    }

    /// Whether the server or the login has all the connections that it may have.
    pub(super) fn is_limit_reached(&self) -> bool {
        matches!(self, Self::Connect(PoolError::Backend(error))
            if error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS))
    }

    /// Whether somebody else held a lock for longer than the work may wait.
    pub(super) fn is_lock_not_had(&self) -> bool {
        matches!(self, Self::Query(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE))
    }

    /// Whether the same statement may simply run again: it was rolled back, or its connection was lost.
    pub(super) fn is_transient(&self) -> bool {
        let Self::Query(error) = self else { return false };
        match error.code() {
            Some(code) => {
                code.code().starts_with("08")
                    || RESTARTING.contains(code)
                    || [
                        SqlState::T_R_DEADLOCK_DETECTED,
                        SqlState::T_R_SERIALIZATION_FAILURE,
                        SqlState::IDLE_SESSION_TIMEOUT,
                    ]
                    .contains(code)
                    || was_done_meanwhile(error)
            }
            None => is_lost(error),
        }
    }
}

/// What a server says that ends or begins.
const RESTARTING: [SqlState; 3] =
    [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW];

/// Whether another delivery of the same event was processed meanwhile.
fn was_done_meanwhile(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_some_and(|told| {
        told.code() == &SqlState::UNIQUE_VIOLATION
            && told.table().is_some_and(|table| table.starts_with("webhook_events"))
    })
}

/// Whether the connection is gone.
fn is_lost(error: &tokio_postgres::Error) -> bool {
    error.is_closed() || io_error(error).is_some()
}

fn io_error(error: &tokio_postgres::Error) -> Option<&std::io::Error> {
    std::error::Error::source(error).and_then(|cause| cause.downcast_ref())
}
