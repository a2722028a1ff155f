//! What a function works with.

use std::sync::Arc;

use crate::billing::Resources;
use crate::clock::Clock;
use crate::config::{Config, Secret};
use crate::db::{Db, Replica};
use crate::error::Error;
use crate::jwks::SigningKeys;
use crate::recent::Recent;
use crate::stripe::Stripe;

/// The parts of a running function. A part that is not configured is refused when it is asked for. It never
/// changes: a configuration that changes makes another one.
#[derive(Debug)]
pub struct App {
    /// Every variable, as it was read when the app was made.
    pub config: Config,
    /// What tells the time: the machine's clock, or a test's.
    pub clock: Clock,
    /// What was read a moment ago.
    pub recent: Recent,
    db: Option<Db>,
    primary: Option<Db>,
    replica: Option<Replica>,
    stripe: Option<Stripe>,
    hurried: Option<Stripe>,
    signing_keys: Option<Arc<SigningKeys>>,
}

impl App {
    /// Puts an app together. Nothing is connected yet. A database address that cannot be read joins the
    /// configuration's problems.
    pub fn new(config: Config, clock: Clock) -> Self {
        Self::assemble(config, clock, None)
    }

    /// The app of a configuration that came after this one's. What it says the same of goes on: connections
    /// stay open.
    pub fn succeeded_by(&self, config: Config) -> Self {
        Self::assemble(config, self.clock.clone(), Some(self))
    }

    fn assemble(mut config: Config, clock: Clock, before: Option<&Self>) -> Self {
        let clock = clock.moved_by(config.local_clock.as_deref());
        let same_databases = before.filter(|before| before.config.databases() == config.databases());
        let (db, primary) = match same_databases {
            Some(before)
                if before.db.is_some() && before.primary.is_some() == config.primary_url.is_some() =>
            {
                (before.db.clone(), before.primary.clone())
            }
            _ => (
                opened(&mut config, "DATABASE_URL", |config| config.database_url.as_ref()),
                opened(&mut config, "READER_PRIMARY_DATABASE_URL", |config| config.primary_url.as_ref()),
            ),
        };
        let replica = db.clone().filter(|_| primary.is_some()).map(Replica::new);
        let same_stripe = before.filter(|before| {
            before.config.stripe_key == config.stripe_key
                && before.config.stripe_api_base == config.stripe_api_base
        });
        let stripe = same_stripe.and_then(|before| before.stripe.clone()).or_else(|| {
            config.stripe_key.as_ref().map(|key| Stripe::new(key.clone(), config.stripe_api_base.as_ref()))
        });
        let hurried = same_stripe.and_then(|before| before.hurried.clone());
        let hurried = hurried.or_else(|| stripe.as_ref().map(Stripe::hurried));
        let same_project = before.filter(|before| before.config.project() == config.project());
        let signing_keys = same_project.and_then(|before| before.signing_keys.clone()).or_else(|| {
            let (url, keys) = config.project();
            url.map(|url| Arc::new(SigningKeys::new(url, keys)))
        });
        let recent = Recent::keeping(config.entitlements_cache_seconds);
        Self { config, clock, recent, db, primary, replica, stripe, hurried, signing_keys }
    }

    /// The database.
    ///
    /// # Errors
    /// If `DATABASE_URL` is missing or malformed.
    pub fn db(&self) -> Result<&Db, Error> {
        self.resources().db()
    }

    /// The primary, if the database is a replica of it. None: the database is all there is.
    pub fn primary(&self) -> Option<&Db> {
        self.primary.as_ref()
    }

    /// The database as a replica, if its primary is known.
    pub fn replica(&self) -> Option<&Replica> {
        self.replica.as_ref()
    }

    /// Stripe's API.
    ///
    /// # Errors
    /// If `STRIPE_SECRET_KEY` is missing or malformed.
    pub fn stripe(&self) -> Result<&Stripe, Error> {
        self.resources().stripe()
    }

    /// The keys of access tokens. None: `SUPABASE_URL` is missing or malformed.
    pub fn signing_keys(&self) -> Option<&SigningKeys> {
        self.signing_keys.as_deref()
    }

    /// The same for an event that Stripe sends again if it fails: Stripe is asked once, and not for long.
    pub fn hurried_resources(&self) -> Resources<'_> {
        Resources { stripe: self.hurried.as_ref(), ..self.resources() }
    }

    /// What an operation gets of it.
    pub fn resources(&self) -> Resources<'_> {
        Resources {
            db: self.db.as_ref(),
            stripe: self.stripe.as_ref(),
            clock: &self.clock,
            grace_days: self.config.grace_days,
            foreign_subscriptions: self.config.foreign_subscriptions,
        }
    }
}

/// The pool for the address in a variable. One that cannot be read joins the problems.
fn opened(config: &mut Config, variable: &str, url: impl Fn(&Config) -> Option<&Secret>) -> Option<Db> {
    let is_replica = variable == "DATABASE_URL" && config.primary_url.is_some();
    let open = if is_replica { Db::of_replicas } else { Db::new };
    let opened = open(url(config)?, config.database_ca.as_deref(), config.database_pool_size);
    opened.map_err(|problem| config.problems.push(problem.in_variable(variable))).ok()
}
