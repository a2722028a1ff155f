//! What a command works with: the configuration, Stripe, the database, the time. Each is opened when it is
//! first needed.

mod error;

use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use shared::app::App;
use shared::billing::limits::Limits;
use shared::clock::Clock;
use shared::config::Config;
use shared::db;
use shared::stripe::Stripe;
use tokio::sync::OnceCell;
use tokio_postgres::Client;

pub use error::Error;

use crate::outcome::tell;

/// Everything a command works with.
#[derive(Debug)]
pub struct Context {
    /// Every variable, as it was read when the command began.
    pub config: Config,
    /// What tells the time: the machine's clock, or a test's.
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
    /// `DATABASE_URL`.
    Database,
    /// `STRIPE_SECRET_KEY`.
    Stripe,
    /// The secret in Secrets Manager.
    Secret,
    /// What decides what is written of a subscription. Each has a default, which must not stand in for a
    /// value that somebody mistyped.
    Rules,
}

impl Need {
    /// The variables it is configured by.
    fn variables(self) -> &'static [&'static str] {
        match self {
            Self::Database => &["DATABASE_URL", "DATABASE_CA"],
            Self::Stripe => &["STRIPE_SECRET_KEY", "STRIPE_API_BASE"],
            Self::Secret => &["BILLING_SECRET_ARN"],
            Self::Rules => &["GRACE_DAYS", "FOREIGN_SUBSCRIPTIONS"],
        }
    }

    fn is_set(self, config: &Config) -> bool {
        match self {
            Self::Database => config.database_url.is_some(),
            Self::Stripe => config.stripe_key.is_some(),
            Self::Secret => config.secret_arn.is_some(),
            Self::Rules => true,
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
            Self::Rules => "",
        }
    }
}

impl Context {
    /// A context on this configuration. Connects to nothing yet.
    pub fn new(config: Config) -> Self {
        Self {
            clock: Clock::System.moved_by(config.local_clock.as_deref()),
            config,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{Code, Failure};

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
}
