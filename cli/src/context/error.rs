//! What commands fail of, each as a sentence that says what to do.

use shared::db::{self, ConnectError};
use shared::{error, stripe};

use crate::outcome::{Code, Failure};

/// What most commands can fail of: one sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Variables that are missing or malformed, one clause each.
    #[error("{}.", .0.join(". "))]
    NotConfigured(Vec<String>),
    /// No connection to the database.
    #[error("{}", connecting(.0))]
    Connect(#[from] ConnectError),
    /// A statement failed.
    #[error("{}", querying(.0))]
    Database(#[from] tokio_postgres::Error),
    /// A call to Stripe failed.
    #[error("{}", calling(.0))]
    Stripe(#[from] stripe::Error),
    /// There is no such organization.
    #[error(
        "No organization is known by {0}. Give the organization's id (a UUID), or a Stripe customer or \
         subscription of it."
    )]
    UnknownOrganization(String),
    /// An operation failed otherwise.
    #[error("{0}")]
    Operation(String, Code),
}

impl From<error::Error> for Error {
    fn from(error: error::Error) -> Self {
        use error::Error as Operation;
        match error {
            Operation::Stripe(error) => Self::Stripe(error),
            Operation::Database(db::Error::Query(error)) => Self::Database(error),
            Operation::Database(error) if error.is_unavailable() => Self::Operation(
                format!("The database does not answer: {error}. Run the command again."),
                Code::DatabaseUnreachable,
            ),
            Operation::Database(error) => {
                Self::Operation(format!("{error}. Run billing migrate first."), Code::DatabaseRefused)
            }
            Operation::Misconfigured(name) => Self::NotConfigured(vec![format!("{name} cannot be used")]),
            error @ (Operation::NoConfiguration
            | Operation::UnreadableEvent(_)
            | Operation::MissingOrg
            | Operation::OutOfTime
            | Operation::Internal(_)) => Self::Operation(format!("It was refused: {error}."), Code::Failed),
        }
    }
}

impl Failure for Error {
    fn code(&self) -> Code {
        match self {
            Self::NotConfigured(_) | Self::Connect(ConnectError::Address(_)) => Code::NotConfigured,
            Self::Connect(ConnectError::Refused(_)) => Code::DatabaseUnreachable,
            Self::Database(error) if error.is_closed() => Code::DatabaseUnreachable,
            Self::Database(_) => Code::DatabaseRefused,
            Self::Stripe(stripe::Error::Unreachable(_)) => Code::StripeUnreachable,
            Self::Stripe(stripe::Error::Throttled { .. }) => Code::StripeThrottled,
            Self::Stripe(
                stripe::Error::Refused { .. } | stripe::Error::Unreadable(_) | stripe::Error::Disbelieved(_),
            ) => Code::StripeRefused,
            Self::UnknownOrganization(_) => Code::Failed,
            Self::Operation(_, code) => *code,
        }
    }
}

fn connecting(error: &ConnectError) -> String {
    match error {
        ConnectError::Address(_) => {
            format!("{error}. Set it as postgres://user:password@host:5432/database.")
        }
        ConnectError::Refused(_) => {
            let cause = error.to_string();
            let cause = cause.trim_start_matches("the ");
            format!("The {cause}. Check DATABASE_URL, and that this machine may connect to that server.")
        }
    }
}

fn querying(error: &tokio_postgres::Error) -> String {
    let Some(refusal) = error.as_db_error() else {
        return format!("The connection to the database was lost: {error}. Run the command again.");
    };
    let advice = match refusal.code().code() {
        // undefined_table, undefined_column, undefined_function, invalid_schema_name
        "42P01" | "42703" | "42883" | "3F000" => "Run billing migrate first",
        "42501" => "Use the login of DATABASE_URL that the functions have, or the owner's",
        _ => "Nothing of this statement was kept",
    };
    format!("The database refused: {}. {advice}.", refusal.message())
}

fn calling(error: &stripe::Error) -> String {
    match error {
        stripe::Error::Unreachable(cause) => format!(
            "Stripe cannot be reached: {cause}. Try again later: the command goes on where it stopped."
        ),
        stripe::Error::Throttled { retry_after } => {
            format!("Stripe asks to slow down. Run the command again in {retry_after} s.")
        }
        stripe::Error::Refused { status: 401, .. } => {
            "Stripe does not accept the key in STRIPE_SECRET_KEY (401). Set a current one from its \
             Dashboard, Developers, API keys."
                .to_owned()
        }
        stripe::Error::Refused { status: 403, request_id, .. } => format!(
            "The key in STRIPE_SECRET_KEY may not do this (403, request {request_id}). Give the restricted \
             key that permission, or use another."
        ),
        stripe::Error::Refused { status, code, param, request_id, .. } => {
            let about = if param.is_empty() { String::new() } else { format!(" about {param}") };
            format!(
                "Stripe refused with {status} {code}{about}. Its Dashboard shows why, under Developers, \
                 Logs: request {request_id}."
            )
        }
        stripe::Error::Disbelieved(why) => {
            format!("Stripe answered {why}. Is STRIPE_API_BASE set to another server?")
        }
        stripe::Error::Unreadable(cause) => {
            format!(
                "Stripe answered something that this version does not understand: {cause}. Look for a newer \
                 version of billing."
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_of_stripe_says_what_to_do_and_names_the_request() {
        let refused = |status, param: &str| stripe::Error::Refused {
            status,
            code: "some_code".to_owned(),
            param: param.to_owned(),
            request_id: "req_1".to_owned(),
            other_mode: false,
        };
        for (error, code, expected) in [
            (stripe::Error::Unreachable("refused".to_owned()), Code::StripeUnreachable, "Try again later"),
            (stripe::Error::Throttled { retry_after: 7 }, Code::StripeThrottled, "in 7 s"),
            (refused(401, ""), Code::StripeRefused, "Set a current one"),
            (refused(403, ""), Code::StripeRefused, "request req_1"),
            (refused(400, "url"), Code::StripeRefused, "400 some_code about url"),
        ] {
            let error = Error::from(error);
            assert_eq!((error.code(), error.code().exit_status()), (code, 5));
            assert!(error.to_string().contains(expected) && error.to_string().ends_with('.'), "{error}");
        }
    }
}
