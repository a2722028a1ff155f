//! What a command works with: the configuration, Stripe, the database, the time. Each is opened when it is first needed.

use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use shared::app::App;
use shared::billing::limits::Limits;
use shared::clock::Clock;
use shared::config::Config;
use shared::db::{self, ConnectError};
use shared::http::error::ApiError;
use shared::stripe::{self, Stripe};
use tokio::sync::OnceCell;
use tokio_postgres::Client;

use crate::outcome::{Code, Failure, tell};

/// Everything a command works with.
#[derive(Debug)]
pub struct Context {
    /// The configuration.
    pub config: Config,
    /// The time.
    pub clock: Clock,
    /// Says nothing on the way: a program reads what comes.
    pub quiet: bool,
    /// Somebody pressed Ctrl-C: long work ends at its next stop.
    pub interrupted: Arc<AtomicBool>,
    /// Asks whoever sits at the terminal for a line. None: nobody does.
    pub ask: fn(&str) -> Option<String>,
    stripe: OnceLock<Stripe>,
    database: OnceCell<Client>,
}

/// What a command cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The database.
    Database,
    /// Stripe.
    Stripe,
    /// The secret in Secrets Manager.
    Secret,
}

impl Need {
    /// The variables it is configured by; without the first there is none.
    fn variables(self) -> &'static [&'static str] {
        match self {
            Self::Database => &["DATABASE_URL", "DATABASE_CA"],
            Self::Stripe => &["STRIPE_SECRET_KEY", "STRIPE_API_BASE"],
            Self::Secret => &["BILLING_SECRET_ARN"],
        }
    }

    fn is_set(self, config: &Config) -> bool {
        match self {
            Self::Database => config.database_url.is_some(),
            Self::Stripe => config.stripe_key.is_some(),
            Self::Secret => config.secret_arn.is_some(),
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::Database => "DATABASE_URL is not set: set it to the database's address",
            Self::Stripe => {
                "STRIPE_SECRET_KEY is not set: set it to a key from Stripe's Dashboard, Developers, API keys"
            }
            Self::Secret => {
                "BILLING_SECRET_ARN is not set: set it to the ARN of the secret in AWS Secrets Manager"
            }
        }
    }
}

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
        "No organization is known by {0}. Give the organization's id (a UUID), or a Stripe customer or subscription of it."
    )]
    UnknownOrganization(String),
    /// An operation failed otherwise.
    #[error("{0}")]
    Operation(String, Code),
}

impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Stripe(error) => Self::Stripe(error),
            ApiError::Database(db::Error::Query(error)) => Self::Database(error),
            ApiError::Database(error) if error.is_unavailable() => Self::Operation(
                format!("The database does not answer: {error}. Run the command again."),
                Code::DatabaseUnreachable,
            ),
            ApiError::Database(error) => {
                Self::Operation(format!("{error}. Run billing migrate first."), Code::DatabaseRefused)
            }
            ApiError::ProcessingFailed(cause) => Self::from(*cause),
            ApiError::Misconfigured(name) => Self::NotConfigured(vec![format!("{name} cannot be used")]),
            other => Self::Operation(format!("It was refused: {other}."), Code::Failed),
        }
    }
}

impl Context {
    /// A context on this configuration. Connects to nothing yet.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            clock: Clock::System,
            quiet: false,
            interrupted: Arc::default(),
            ask: ask_terminal,
            stripe: OnceLock::new(),
            database: OnceCell::new(),
        }
    }

    /// What the functions' own operations work with, on this configuration. Connects to nothing yet.
    pub fn app(&self) -> App {
        App::new(self.config.clone(), self.clock.clone())
    }

    /// For work that ends at its next stop after Ctrl-C, and asks Stripe at most that often.
    pub fn limits(&self, calls_per_second: u32) -> Limits {
        Limits::default().at_pace(calls_per_second).stopped_by(&self.interrupted)
    }

    /// From now on the first Ctrl-C lets long work come to its next stop; the second ends the process.
    pub fn end_gently(&self) {
        let (interrupted, quiet) = (Arc::clone(&self.interrupted), self.quiet);
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_err() {
                return;
            }
            interrupted.store(true, Ordering::Relaxed);
            if !quiet {
                tell("Stopping as soon as this step is done. Ctrl-C again stops at once.");
            }
            if tokio::signal::ctrl_c().await.is_ok() {
                // What a shell expects after SIGINT.
                std::process::exit(130);
            }
        });
    }

    /// Tells everything that is missing or malformed of what a command needs, all at once.
    ///
    /// # Errors
    /// [`Error::NotConfigured`].
    pub fn require(&self, needs: &[Need]) -> Result<(), Error> {
        let mut wrong = Vec::new();
        for need in needs {
            let about = |problem: &&String| {
                need.variables().iter().any(|name| problem.split_whitespace().next() == Some(name))
            };
            let problems: Vec<String> = self.config.problems.iter().filter(about).cloned().collect();
            if problems.is_empty() && !need.is_set(&self.config) {
                wrong.push(need.advice().to_owned());
            }
            wrong.extend(problems);
        }
        if wrong.is_empty() { Ok(()) } else { Err(Error::NotConfigured(wrong)) }
    }

    /// Stripe.
    ///
    /// # Errors
    /// [`Error::NotConfigured`].
    pub fn stripe(&self) -> Result<&Stripe, Error> {
        self.require(&[Need::Stripe])?;
        let key = self.config.stripe_key.as_ref().ok_or_else(|| not_set(Need::Stripe))?;
        Ok(self.stripe.get_or_init(|| Stripe::new(key.clone(), self.config.stripe_api_base.as_ref())))
    }

    /// The command's connection to the database.
    ///
    /// # Errors
    /// [`Error::NotConfigured`], [`Error::Connect`].
    pub async fn database(&self) -> Result<&Client, Error> {
        self.database.get_or_try_init(|| self.connect()).await
    }

    /// Another connection to the database.
    ///
    /// # Errors
    /// [`Error::NotConfigured`], [`Error::Connect`].
    pub async fn connect(&self) -> Result<Client, Error> {
        self.require(&[Need::Database])?;
        let url = self.config.database_url.as_ref().ok_or_else(|| not_set(Need::Database))?;
        Ok(db::connect(url, self.config.database_ca.as_deref()).await?)
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
            Self::Stripe(stripe::Error::Refused { .. } | stripe::Error::Unreadable(_)) => Code::StripeRefused,
            Self::UnknownOrganization(_) => Code::Failed,
            Self::Operation(_, code) => *code,
        }
    }
}

fn ask_terminal(question: &str) -> Option<String> {
    if !io::stdin().is_terminal() {
        return None;
    }
    tell(question);
    let mut line = String::new();
    io::stdin().read_line(&mut line).ok()?;
    Some(line.trim().to_owned())
}

fn not_set(need: Need) -> Error {
    Error::NotConfigured(vec![need.advice().to_owned()])
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
            "Stripe does not accept the key in STRIPE_SECRET_KEY (401). Set a current one from its Dashboard, Developers, API keys."
                .to_owned()
        }
        stripe::Error::Refused { status: 403, request_id, .. } => format!(
            "The key in STRIPE_SECRET_KEY may not do this (403, request {request_id}). Give the restricted key that permission, or use another."
        ),
        stripe::Error::Refused { status, code, param, request_id } => {
            let about = if param.is_empty() { String::new() } else { format!(" about {param}") };
            format!(
                "Stripe refused with {status} {code}{about}. Its Dashboard shows why, under Developers, Logs: request {request_id}."
            )
        }
        stripe::Error::Unreadable(cause) => {
            format!("Stripe answered something that this version does not understand: {cause}. Look for a newer version of billing.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(variables: &[(&str, &str)]) -> Context {
        Context::new(Config::from_lookup(|name| {
            variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
        }))
    }

    #[test]
    fn everything_a_command_lacks_is_told_at_once_and_nothing_else() {
        let context = context(&[("STRIPE_SECRET_KEY", "pk_test_1"), ("GRACE_DAYS", "-1")]);
        let error = context.require(&[Need::Database, Need::Stripe]).unwrap_err();
        assert_eq!(error.code(), Code::NotConfigured);
        let sentence = error.to_string();
        assert!(sentence.contains("DATABASE_URL is not set"), "{sentence}");
        assert!(sentence.contains("STRIPE_SECRET_KEY must be"), "{sentence}");
        assert!(!sentence.contains("is not set: set it to a key"), "{sentence}");
        assert!(!sentence.contains("GRACE_DAYS"), "{sentence}");
    }

    #[test]
    fn a_malformed_api_base_never_means_stripe_itself() {
        let context = context(&[("STRIPE_SECRET_KEY", "sk_test_1"), ("STRIPE_API_BASE", "emulator")]);
        assert!(context.stripe().unwrap_err().to_string().starts_with("STRIPE_API_BASE must be"));
    }

    #[test]
    fn every_failure_of_stripe_says_what_to_do_and_names_the_request() {
        let refused = |status, param: &str| stripe::Error::Refused {
            status,
            code: "some_code".to_owned(),
            param: param.to_owned(),
            request_id: "req_1".to_owned(),
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
