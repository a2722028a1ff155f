//! Why the database did not do what it was asked, and what follows from that.

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
    /// The database answered something that this code does not understand.
    #[error("unexpected answer: {0}")]
    Answer(String),
}

impl Error {
    /// Whether the same call can be expected to work a little later.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Connect(_) | Self::Timeout => true,
            Self::Query(error) => match error.code() {
                // Class 53: insufficient resources; 55: a lock not to be had; 57: operator intervention; 08:
                // connection exception.
                Some(code) => {
                    self.is_read_only()
                        || ["53", "55", "57", "08"].iter().any(|class| code.code().starts_with(class))
                }
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

    /// Whether the server only reads: after a failover it is the old primary, and another one writes.
    pub(super) fn is_read_only(&self) -> bool {
        matches!(self, Self::Query(error) if error.code() == Some(&SqlState::READ_ONLY_SQL_TRANSACTION))
    }

    /// Whether the server is about to be there: it refuses connections, or says that it is starting.
    pub(super) fn may_connect_soon(&self) -> bool {
        let Self::Connect(PoolError::Backend(error)) = self else { return false };
        match error.code() {
            Some(code) => *code == SqlState::CANNOT_CONNECT_NOW,
            None => std::error::Error::source(error)
                .and_then(|cause| cause.downcast_ref::<std::io::Error>())
                .is_some_and(|cause| cause.kind() == std::io::ErrorKind::ConnectionRefused),
        }
    }

    /// Whether somebody else held a lock for longer than the work may wait.
    pub(super) fn is_lock_not_had(&self) -> bool {
        matches!(self, Self::Query(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE))
    }

    /// Whether nothing was done and the same statement may simply run again.
    pub(super) fn is_transient(&self) -> bool {
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
