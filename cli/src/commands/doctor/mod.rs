//! `billing doctor`: what must be true of a deployment, checked; and what to do where it is not.

use std::fmt;

use serde::Serialize;
use url::Url;

use crate::context::{self, Context};
use crate::{outcome, table};

mod configuration;
mod database;
mod destinations;
mod events;
mod notifications;
mod paid_for;
mod replica;
mod signing_keys;
mod stripe;

/// Checks a deployment: configuration, the keys of access tokens, Stripe, database, and that both say the
/// same.
///
/// It changes nothing. Give it the configuration that the functions have; the database as billing_operator.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_help = "\
Examples:
  billing doctor
  billing doctor --webhook-url https://abc.lambda-url.eu-central-1.on.aws/
  billing doctor --json | jq '.checks[] | select(.status != \"ok\")'
  . .local/operator.env && billing doctor      the local stack

Exit status 1 if a check is failing; warnings alone are 0.")]
pub struct Args {
    /// The webhook function's address. Without it any endpoint with the right events will do.
    #[arg(long)]
    pub webhook_url: Option<Url>,
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// All is as it should be.
    Ok,
    /// It works, and somebody should look.
    Warning,
    /// Something is broken, open or lost.
    Failing,
}

/// One check and what it found.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// What is checked. Scripts depend on these words.
    pub check: &'static str,
    /// How it came out.
    pub status: Status,
    /// What was found, as a phrase for people.
    pub found: String,
    /// What to do about it, as a sentence. None: nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// All checks, in the order in which they ran.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DoctorReport {
    /// In the order in which a deployment is built up.
    pub checks: Vec<Check>,
}

/// None: a check that cannot be made is one that fails.
pub type Error = context::Error;

/// Makes all checks.
///
/// # Errors
/// None: what is wrong is the report.
pub async fn run(args: Args, context: &Context) -> Result<DoctorReport, Error> {
    let mut report = DoctorReport::default();
    configuration::check(context, &mut report);
    signing_keys::check(context, &mut report).await;
    let is_migrated = database::check(context, &mut report).await;
    if is_migrated {
        replica::check(context, &mut report).await;
        paid_for::check(context, &mut report).await;
        notifications::check(context, &mut report).await;
    }
    if stripe::check(context, args.webhook_url.as_ref(), is_migrated, &mut report).await && is_migrated {
        events::check(context, &mut report).await;
    }
    Ok(report)
}

impl DoctorReport {
    fn ok(&mut self, check: &'static str, found: impl Into<String>) {
        self.checks.push(Check { check, status: Status::Ok, found: found.into(), advice: None });
    }

    fn warning(&mut self, check: &'static str, found: impl Into<String>, advice: impl Into<String>) {
        let advice = Some(advice.into());
        self.checks.push(Check { check, status: Status::Warning, found: found.into(), advice });
    }

    fn failing(&mut self, check: &'static str, found: impl Into<String>, advice: impl Into<String>) {
        let advice = Some(advice.into());
        self.checks.push(Check { check, status: Status::Failing, found: found.into(), advice });
    }

    /// A check that could not be made, with the sentence that says what to do.
    fn impossible(&mut self, check: &'static str, error: impl fmt::Display) {
        self.checks.push(Check {
            check,
            status: Status::Failing,
            found: "could not be checked".to_owned(),
            advice: Some(error.to_string()),
        });
    }

    fn count(&self, status: Status) -> usize {
        self.checks.iter().filter(|check| check.status == status).count()
    }
}

impl outcome::Report for DoctorReport {
    fn is_well(&self) -> bool {
        self.count(Status::Failing) == 0
    }
}

impl fmt::Display for DoctorReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<_> = self
            .checks
            .iter()
            .map(|check| {
                let status = match check.status {
                    Status::Ok => "ok",
                    Status::Warning => "warning",
                    Status::Failing => "FAILING",
                };
                [status.to_owned(), check.check.to_owned(), check.found.clone()]
            })
            .collect();
        table::write(f, &rows)?;
        for check in &self.checks {
            if let Some(advice) = &check.advice {
                write!(f, "\n{}: {advice}", check.check)?;
            }
        }
        let (ok, warnings, failing) =
            (self.count(Status::Ok), self.count(Status::Warning), self.count(Status::Failing));
        if ok < self.checks.len() {
            writeln!(f)?;
        }
        write!(f, "\n{ok} ok, {warnings} to look at, {failing} failing.")
    }
}
