//! How a command ends: what it prints where, its exit status, and the codes by which a script tells failures
//! apart.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use serde::Serialize;
use serde_json::json;

/// What a command found or did, for people (Display) and for programs (Serialize).
pub trait Report: Serialize + Display {
    /// Whether all is well. A check that found something is no failure of the command, and yet not exit
    /// status 0.
    fn is_well(&self) -> bool {
        true
    }

    /// The exit status, if there is more to tell by it.
    fn status(&self) -> u8 {
        u8::from(!self.is_well())
    }
}

/// Why a command could not do its work: one sentence that says what to do (Display).
pub trait Failure: std::error::Error {
    /// Which kind of failure it is.
    fn code(&self) -> Code;
}

/// The kinds of failure. Scripts depend on these words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// A check did not hold, or the work cannot be done as things are.
    Failed,
    /// An argument makes no sense.
    WrongUsage,
    /// A variable is missing or malformed.
    NotConfigured,
    /// No connection to the database.
    DatabaseUnreachable,
    /// The database refused a statement.
    DatabaseRefused,
    /// No answer from Stripe.
    StripeUnreachable,
    /// Stripe answered an error.
    StripeRefused,
    /// Stripe asks to come back later.
    StripeThrottled,
    /// Secrets Manager does not hand out or take the secret.
    SecretUnavailable,
}

impl Code {
    /// The exit status, as `billing --help` documents it.
    pub fn exit_status(self) -> u8 {
        match self {
            Self::Failed | Self::DatabaseRefused => 1,
            Self::WrongUsage => 2,
            Self::NotConfigured | Self::SecretUnavailable => 3,
            Self::DatabaseUnreachable => 4,
            Self::StripeUnreachable | Self::StripeRefused | Self::StripeThrottled => 5,
        }
    }
}

/// What was done to an object of Stripe's, or would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Done {
    /// It is as it should be.
    Unchanged,
    /// There was none, and it was created.
    Created,
    /// It was there and differed, and was changed.
    Updated,
}

/// The end of a command, ready to be printed.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The result: one JSON document under `--json`.
    pub output: String,
    /// The sentence for stderr, or the error's JSON. Empty: nothing failed.
    pub complaint: String,
    /// The exit status, 0 to 5 (`billing --help`).
    pub status: u8,
}

impl Outcome {
    /// The end of a command that came to this result.
    pub fn of<R: Report, E: Failure>(result: Result<R, E>, as_json: bool) -> Self {
        match result {
            Ok(report) => Self {
                output: if as_json { document(&report) } else { report.to_string() },
                complaint: String::new(),
                status: report.status(),
            },
            Err(failure) => Self::failure(&failure, as_json),
        }
    }

    /// The end of a command that failed.
    pub fn failure(failure: &impl Failure, as_json: bool) -> Self {
        let (sentence, code) = (failure.to_string(), failure.code());
        Self {
            output: String::new(),
            complaint: match as_json {
                true => json!({ "error": sentence, "code": code }).to_string(),
                false => format!("billing: {sentence}"),
            },
            status: code.exit_status(),
        }
    }

    /// Prints it. A reader who has seen enough and closed the pipe is no failure.
    pub fn print(self) -> ExitCode {
        let printed = line(&mut io::stdout().lock(), &self.output)
            .and_then(|()| line(&mut io::stderr().lock(), &self.complaint));
        match printed {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
            _ => ExitCode::from(self.status),
        }
    }
}

/// Tells whoever watches how things stand, on stderr.
pub fn tell(sentence: &str) {
    // Err: nobody is there to read it.
    let _ = line(&mut io::stderr().lock(), sentence);
}

fn line(to: &mut impl Write, text: &str) -> io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    writeln!(to, "{}", text.trim_end())?;
    to.flush()
}

fn document(report: &impl Serialize) -> String {
    // A report holds texts, numbers and lists, which always have a JSON form.
    serde_json::to_string_pretty(report).unwrap_or_default()
}
