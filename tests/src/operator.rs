//! The `billing` command as an operator types it, with the login that it has in a deployment.

use std::collections::HashMap;

use clap::Parser;
use cli::commands::Arguments;
use cli::context::Context;
use cli::outcome::Outcome;
use serde_json::Value;
use shared::config::Config;

use crate::TestApp;

impl TestApp {
    /// What the operator's commands work with: this database as its owner, this Stripe.
    pub fn operator(&self) -> Context {
        self.operator_with(&[])
    }

    /// The same with some variables set otherwise.
    pub fn operator_with(&self, variables: &[(&str, &str)]) -> Context {
        let mut environment = HashMap::from([
            ("STRIPE_SECRET_KEY", self.stripe.secret_key().to_owned()),
            ("STRIPE_API_BASE", self.stripe.url()),
            ("DATABASE_URL", self.database.url("postgres")),
        ]);
        environment.extend(variables.iter().map(|(name, value)| (*name, (*value).to_owned())));
        Context::new(Config::from_lookup(|name| environment.get(name).cloned()))
    }

    /// What a command works with: this Stripe, this database as `billing_operator`, nobody at the terminal.
    pub fn billing_context(&self, variables: &[(&str, &str)]) -> Context {
        let url = self.database.url("billing_operator");
        let mut context = self.operator_with(&[&[("DATABASE_URL", url.as_str())], variables].concat());
        context.clock = self.app.clock.clone();
        context.quiet = true;
        context.ask = |_| None;
        context
    }

    /// `billing` with these arguments.
    pub async fn billing(&self, arguments: &[&str]) -> Outcome {
        self.billing_with(&[], arguments).await
    }

    /// The same with some variables set otherwise.
    pub async fn billing_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Outcome {
        run(&self.billing_context(variables), arguments).await
    }

    /// What `billing --json` prints; the status must be this.
    pub async fn billing_json(&self, status: u8, arguments: &[&str]) -> Value {
        let outcome = self.billing(&[arguments, &["--json"]].concat()).await;
        assert_eq!(outcome.status, status, "{arguments:?}: {outcome:?}");
        serde_json::from_str(&outcome.output).expect("a document")
    }

    /// Runs a command without what it needs: each lack has its exit status and one sentence that says what to
    /// do.
    pub async fn assert_needs(&self, arguments: &[&str], needs_stripe: bool) {
        let database = ("DATABASE_URL", "postgres://postgres@127.0.0.1:1/none");
        let mut cases = vec![
            (("DATABASE_URL", ""), 3, "DATABASE_URL is not set"),
            (database, 4, "The database cannot be reached"),
        ];
        if needs_stripe {
            cases.extend([
                (("STRIPE_SECRET_KEY", ""), 3, "STRIPE_SECRET_KEY is not set"),
                (("STRIPE_API_BASE", "http://127.0.0.1:1"), 5, "Stripe cannot be reached"),
                (("STRIPE_SECRET_KEY", "sk_test_other"), 5, "Stripe does not accept the key"),
            ]);
        }
        for (variable, status, sentence) in cases {
            let outcome = self.billing_with(&[variable], arguments).await;
            assert_eq!(outcome.status, status, "{arguments:?} {variable:?}: {outcome:?}");
            assert!(outcome.output.is_empty() && outcome.complaint.contains(sentence), "{outcome:?}");
            assert_eq!(outcome.complaint.lines().count(), 1, "{outcome:?}");
        }
    }

    /// Runs a command line that must be refused as wrong usage, with a hint that contains this.
    pub async fn assert_wrong_usage(&self, arguments: &[&str], hint: &str) {
        let outcome = self.billing(arguments).await;
        assert_eq!(outcome.status, 2, "{arguments:?}: {outcome:?}");
        assert!(outcome.complaint.contains(hint), "{arguments:?}: {}", outcome.complaint);
    }
}

/// `billing` with these arguments on a context.
pub async fn run(context: &Context, arguments: &[&str]) -> Outcome {
    match Arguments::try_parse_from(["billing"].iter().chain(arguments)) {
        Ok(Arguments { json, command }) => command.run(context, json).await,
        Err(error) => Outcome {
            output: String::new(),
            complaint: error.to_string(),
            status: u8::try_from(error.exit_code()).expect("an exit status"),
        },
    }
}
