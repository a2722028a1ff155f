//! Why an import could not begin or go on.

use std::io;

use crate::context;
use crate::outcome::{Code, Failure};

/// Why it could not be done: a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No configuration; the database or Stripe fails.
    #[error(transparent)]
    Context(#[from] context::Error),
    /// The file cannot be read.
    #[error("{0} cannot be read: {1}.")]
    File(String, io::Error),
    /// The file is not UTF-8.
    #[error("{0} is not UTF-8 in line {1}. Save it as CSV in UTF-8.")]
    Encoding(String, u64),
    /// The file is no CSV.
    #[error("{0} cannot be read as CSV: {1}.")]
    Csv(String, String),
    /// The header lacks a column.
    #[error(
        "{0} has no column {1} in its first line: there is {2}. The first line must name org_id and \
         stripe_customer_id."
    )]
    NoColumn(String, &'static str, String),
    /// The name of a table makes no sense.
    #[error(
        "{0} is no table's name. Give it as schema.table, a part with a dot or capitals in double quotes."
    )]
    TableName(String),
    /// The database has no such table.
    #[error("There is no table {name}. {there}.")]
    NoTable {
        /// As it was asked for.
        name: String,
        /// What there is instead.
        there: String,
    },
    /// The table has no such column.
    #[error("{table} has no column {column}: it has {there}. Say which one it is with --{kind}-column.")]
    NoTableColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Which option names it.
        kind: &'static str,
        /// The columns there are.
        there: String,
    },
    /// The login has no right to read it.
    #[error(
        "{login} may not read {table}. As its owner, run `{grant}`, or set DATABASE_URL to the owner's login."
    )]
    NoRight {
        /// Whose the connection is.
        login: String,
        /// The table.
        table: String,
        /// The statement that mends it.
        grant: String,
    },
    /// Row level security shows no row.
    #[error(
        "Row level security shows {login} no row of {table}: make a policy for it, or set DATABASE_URL to \
         the owner's login."
    )]
    Hidden {
        /// Whose the connection is.
        login: String,
        /// The table.
        table: String,
    },
}

impl Failure for Error {
    fn code(&self) -> Code {
        match self {
            Self::Context(error) => error.code(),
            Self::TableName(_) => Code::WrongUsage,
            Self::NoRight { .. } => Code::DatabaseRefused,
            _ => Code::Failed,
        }
    }
}
