//! `billing grant` and `billing revoke`: one flag of one organization, whatever its plan says.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::context::{self, Context, Need};
use crate::organization::{self, OrgRef, Organization};
use crate::outcome::{self, Code, Failure};
use crate::{query, usage, when, words};

/// Switches a feature flag on for an organization, whatever its plan says; with --deny, off.
///
/// It counts at once, stays through every change of the plan, and is kept in the audit trail with who did it
/// and why. What stands already is replaced. `billing revoke` takes it back.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  billing grant 0a4c2f1e-5b7d-4e0a-9a53-2f6d1b9c7e10 hasAPI --until 2027-01-31 --reason 'pilot, ticket 4711'
  billing grant cus_T8wqKzMvNPdX2y canExportPDF --deny --reason 'abuse, ticket 4712'
  billing explain 0a4c2f1e-5b7d-4e0a-9a53-2f6d1b9c7e10    what it has, and why")]
pub struct Args {
    /// The organization: its id (a UUID), or a Stripe customer or subscription of it.
    pub org: OrgRef,
    /// The flag.
    pub flag: String,
    /// Until then: a date, which means its beginning in UTC, or a time. Without it, for good.
    #[arg(long, value_name = "DATE", value_parser = when::moment)]
    pub until: Option<Timestamp>,
    /// Switch it off instead, even if the plan has it.
    #[arg(long)]
    pub deny: bool,
    /// Why: kept in the audit trail.
    #[arg(long, value_name = "TEXT", value_parser = usage::said)]
    pub reason: String,
    /// Who does it. Without it, this machine's user and name.
    #[arg(long, value_name = "NAME", value_parser = usage::said)]
    pub by: Option<String>,
}

/// Takes an override back: what the plan and add-ons say counts again, at once.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  billing revoke 0a4c2f1e-5b7d-4e0a-9a53-2f6d1b9c7e10 hasAPI --reason 'pilot project is over'

Exit status 1 if there is no override of that flag.")]
pub struct RevokeArgs {
    /// The organization: its id (a UUID), or a Stripe customer or subscription of it.
    pub org: OrgRef,
    /// The flag.
    pub flag: String,
    /// Why: kept in the audit trail.
    #[arg(long, value_name = "TEXT", value_parser = usage::said)]
    pub reason: String,
    /// Who does it. Without it, this machine's user and name.
    #[arg(long, value_name = "NAME", value_parser = usage::said)]
    pub by: Option<String>,
}

/// Why nothing was changed: a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No configuration, no database, no such organization.
    #[error(transparent)]
    Context(#[from] context::Error),
    /// The override would count for no moment.
    #[error("--until {} has passed. Give a time to come, or leave it out for good.", when::time(*.0))]
    Passed(Timestamp),
    /// There is no override to take back.
    #[error(
        "{0} has no override of {1}, so there is nothing to revoke. billing explain says where its flags \
         come from."
    )]
    NoOverride(String, String),
    /// The catalogue has no such flag.
    #[error("There is no flag {0}. The catalogue has {1}.")]
    UnknownFlag(String, String),
}

impl Failure for Error {
    fn code(&self) -> Code {
        match self {
            Self::Context(error) => error.code(),
            Self::Passed(_) | Self::UnknownFlag(..) => Code::WrongUsage,
            Self::NoOverride(..) => Code::Failed,
        }
    }
}

/// A flag at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct FlagState {
    /// Whether the flag is on.
    pub enabled: bool,
    /// `plan`, `addon`, `trial` or `override`.
    pub source: String,
    /// Until when it is so. None: no end is known.
    pub expires_at: Option<Timestamp>,
}

/// A flag that was overridden, before and after.
#[derive(Clone, Debug, Serialize)]
pub struct Overridden {
    /// The organization that it was overridden for.
    pub organization: Organization,
    /// The flag's name.
    pub feature: String,
    /// The flag as it was before.
    pub before: FlagState,
    /// The flag as it is now.
    pub after: FlagState,
    /// Who did it: `--by`, or this machine's user and name.
    pub by: String,
    /// Why, as `--reason` said.
    pub reason: String,
}

/// Switches a flag on or off.
///
/// # Errors
/// See [`Error`].
pub async fn run(args: Args, context: &Context) -> Result<Overridden, Error> {
    if let Some(passed) = args.until.filter(|until| *until <= context.clock.now()) {
        return Err(Error::Passed(passed));
    }
    let wanted = Wanted { flag: args.flag, enabled: Some(!args.deny), until: args.until };
    change(context, &args.org, wanted, args.by, args.reason).await
}

/// Takes an override back.
///
/// # Errors
/// See [`Error`].
pub async fn revoke(args: RevokeArgs, context: &Context) -> Result<Overridden, Error> {
    let wanted = Wanted { flag: args.flag, enabled: None, until: None };
    change(context, &args.org, wanted, args.by, args.reason).await
}

struct Wanted {
    flag: String,
    /// On or off. None: the override goes.
    enabled: Option<bool>,
    until: Option<Timestamp>,
}

async fn change(
    context: &Context,
    org: &OrgRef,
    wanted: Wanted,
    by: Option<String>,
    reason: String,
) -> Result<Overridden, Error> {
    context.require(&[Need::Database])?;
    let client = context.database().await?;
    let organization = organization::find(client, org).await?;
    let (feature, by) = (wanted.flag, by.unwrap_or_else(whoever_runs_this));
    let Some(before) = state(client, &organization, &feature).await? else {
        return Err(unknown(client, feature).await?);
    };
    const SQL: &str =
        "select to_jsonb(billing.pf_override_entitlement($1, $2, $3, to_timestamp($4), $5, $6))";
    // Sub-seconds are kept: a time is what it was told.
    let until = wanted.until.map(|until| until.as_millisecond() as f64 / 1000.0);
    let done: Option<bool> = query::one(
        client,
        SQL,
        &[
            (&organization.id.uuid(), Type::UUID),
            (&feature, Type::TEXT),
            (&wanted.enabled, Type::BOOL),
            (&until, Type::FLOAT8),
            (&by, Type::TEXT),
            (&reason, Type::TEXT),
        ],
    )
    .await?;
    if done != Some(true) {
        return Err(Error::NoOverride(organization.to_string(), feature));
    }
    let Some(after) = state(client, &organization, &feature).await? else {
        return Err(unknown(client, feature).await?);
    };
    Ok(Overridden { organization, feature, before, after, by, reason })
}

/// A flag of an organization now. None: the catalogue has no such flag.
pub(super) async fn state(
    client: &Client,
    organization: &Organization,
    feature: &str,
) -> Result<Option<FlagState>, context::Error> {
    const SQL: &str =
        "select to_jsonb(e) from billing.entitlements_effective e where e.org_id = $1 and e.feature = $2";
    let params: query::Params<'_> = &[(&organization.id.uuid(), Type::UUID), (&feature, Type::TEXT)];
    query::one(client, SQL, params).await
}

/// What to say of a flag that there is not.
async fn unknown(client: &Client, flag: String) -> Result<Error, context::Error> {
    const SQL: &str =
        "select to_jsonb(e.feature) from billing.plan_entitlements e where e.plan_code = 'pilot' order by 1";
    let flags: Vec<String> = query::all(client, SQL, &[]).await?;
    Ok(Error::UnknownFlag(flag, words::listed(&flags)))
}

/// This machine's user and name: `ada@workstation`.
pub(super) fn whoever_runs_this() -> String {
    let unknown = |_| "unknown".to_owned();
    format!("{}@{}", whoami::username().unwrap_or_else(unknown), whoami::hostname().unwrap_or_else(unknown))
}

impl outcome::Report for Overridden {}

impl fmt::Display for Overridden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} of {}", self.feature, self.organization)?;
        writeln!(f, "  before  {}", self.before)?;
        writeln!(f, "  now     {}", self.after)?;
        write!(f, "By {}: {}", self.by, self.reason)
    }
}

impl fmt::Display for FlagState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}", if self.enabled { "on" } else { "off" }, self.source)?;
        self.expires_at.map_or(Ok(()), |at| write!(f, " until {}", when::time(at)))
    }
}
