//! One file per command. Here are the command line's frame and the two lists that a command stands in.

use std::env;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use shared::config::Config;

use crate::context::Context;
use crate::outcome::Outcome;
use crate::secrets;
use crate::usage::WrongUsage;

pub mod addon;
pub mod adopt;
pub mod backfill;
pub mod catalogue;
pub mod completions;
pub mod doctor;
pub mod events;
pub mod explain;
pub mod forget;
pub mod grant;
pub mod import;
pub mod migrate;
pub mod notifications;
pub mod portal_configuration;
pub mod products;
pub mod prune;
pub mod reconcile;
pub mod webhook_endpoint;

const HELP: &str = "\
Secrets come from the environment, or from the secret in AWS Secrets Manager that BILLING_SECRET_ARN names;
the environment goes first. They are never arguments.

Exit status:
  0  done, or all is well
  1  a check failed, or the work could not be done
  2  wrong usage
  3  not configured: a variable is missing or malformed, or the secret cannot be read; or, of a dry \
run, somebody would lose something
  4  the database cannot be reached
  5  Stripe cannot be reached, or refuses";

/// Operates PromptForge Billing.
#[derive(Debug, Parser)]
#[command(name = "billing", version, after_help = HELP)]
pub struct Arguments {
    /// Print the result as one JSON document; errors as {"error", "code"} on stderr.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[allow(missing_docs)] // What each does stands at its `Args`, which is what `--help` shows.
#[derive(Debug, Subcommand)]
pub enum Command {
    Migrate(migrate::Args),
    Adopt(adopt::Args),
    Catalogue(catalogue::CommandLine),
    Products(products::CommandLine),
    WebhookEndpoint(webhook_endpoint::Args),
    PortalConfiguration(portal_configuration::Args),
    Doctor(doctor::Args),
    Events(events::Args),
    Notifications(notifications::Args),
    Backfill(backfill::Args),
    Import(import::Args),
    Reconcile(reconcile::Args),
    Explain(explain::Args),
    Addon(addon::Args),
    Grant(grant::Args),
    Revoke(grant::RevokeArgs),
    Prune(prune::Args),
    Forget(forget::Args),
    Completions(completions::Args),
}

impl Arguments {
    /// The command line of this process.
    ///
    /// # Errors
    /// The exit status, if help was asked for or the usage is wrong. It is printed by then.
    pub fn of_process() -> Result<Self, ExitCode> {
        Self::try_parse().map_err(|error| {
            if error.use_stderr() && env::args_os().any(|argument| argument == "--json") {
                return Outcome::failure(&WrongUsage(error), true).print();
            }
            // Err: nobody is there to read it.
            let _ = error.print();
            u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
        })
    }

    /// Runs the command with the process's configuration.
    pub async fn run(self) -> Outcome {
        let Self { json, command } = self;
        if let Command::Completions(args) = &command {
            return completions::run(args, &mut Self::command());
        }
        let secret = match secrets::from_environment().await {
            Ok(secret) => secret,
            Err(error) => return Outcome::failure(&error, json),
        };
        let config = Config::from_env_or(|name| secrets::of_operator(&secret, name));
        let mut context = Context::new(config);
        context.quiet = json;
        if command.ends_gently() {
            context.end_gently();
        }
        command.run(&context, json).await
    }
}

impl Command {
    /// Whether Ctrl-C lets it come to its next stop, instead of cutting it off.
    fn ends_gently(&self) -> bool {
        matches!(
            self,
            Self::Events(_) | Self::Backfill(_) | Self::Import(_) | Self::Reconcile(_) | Self::Prune(_)
        )
    }

    /// Runs the command.
    pub async fn run(self, context: &Context, json: bool) -> Outcome {
        match self {
            Self::Migrate(args) => Outcome::of(migrate::run(args, context).await, json),
            Self::Adopt(args) => Outcome::of(adopt::run(args, context).await, json),
            Self::Catalogue(line) => line.run(context, json).await,
            Self::Products(line) => line.run(context, json).await,
            Self::WebhookEndpoint(args) => Outcome::of(webhook_endpoint::run(args, context).await, json),
            Self::PortalConfiguration(args) => {
                Outcome::of(portal_configuration::run(args, context).await, json)
            }
            Self::Doctor(args) => Outcome::of(doctor::run(args, context).await, json),
            Self::Events(args) => Outcome::of(events::run(args, context).await, json),
            Self::Notifications(args) => Outcome::of(notifications::run(args, context).await, json),
            Self::Backfill(args) => Outcome::of(backfill::run(args, context).await, json),
            Self::Import(args) => Outcome::of(import::run(args, context).await, json),
            Self::Reconcile(args) => Outcome::of(reconcile::run(args, context).await, json),
            Self::Explain(args) => Outcome::of(explain::run(args, context).await, json),
            Self::Addon(args) => Outcome::of(addon::run(args, context).await, json),
            Self::Grant(args) => Outcome::of(grant::run(args, context).await, json),
            Self::Revoke(args) => Outcome::of(grant::revoke(args, context).await, json),
            Self::Forget(args) => Outcome::of(forget::run(args, context).await, json),
            Self::Prune(args) => Outcome::of(prune::run(args, context).await, json),
            Self::Completions(args) => completions::run(&args, &mut Arguments::command()),
        }
    }
}
