//! The configuration's one door: every variable is read and checked here, secrets never print, all problems
//! are told at once.
//!
//! A variable that a function does not need may be missing: it is refused when something asks for it, so that
//! each function gets only the secrets it works with. A malformed variable counts as missing.

mod function;
mod notify;
mod probe;
mod reader;
mod stripe;
mod supabase;
mod this_machine;

use std::fmt;
use std::path::PathBuf;

use url::Url;

pub use function::{Front, Function, Login};
pub use notify::{EventBus, Notify};
pub use probe::{Canary, Probe};
pub use reader::{environment, tidied};
pub use stripe::StripeKey;
pub use this_machine::is_this_machine;

use self::reader::Reader;
use crate::domain::origin::Origin;

/// A value that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value, for the one call that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// Who vouches for the caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IdentitySource {
    /// The access token that the caller sends, checked by the function itself. The default.
    #[default]
    AccessToken,
    /// A Lambda authorizer of the operator's own in front of the function: the `userId` and `email` of its
    /// context. Without one every call is refused.
    Authorizer,
    /// `x-user-id` and `x-user-email`, set by a trusted backend in front; or local use.
    TrustedHeaders,
}

/// What to answer to an event of a subscription that belongs to no organization.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForeignSubscriptions {
    /// 400: it is one of ours and something is wrong.
    #[default]
    Refuse,
    /// 200: other products share the Stripe account.
    Acknowledge,
}

/// Everything that can be configured.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// `STRIPE_SECRET_KEY`
    pub stripe_key: Option<StripeKey>,
    /// `STRIPE_WEBHOOK_SECRET`, several while one replaces another. Empty: every event is refused.
    pub webhook_secrets: Vec<Secret>,
    /// `STRIPE_API_BASE`, for local use and tests. None: Stripe itself.
    pub stripe_api_base: Option<Url>,
    /// `LOCAL_CLOCK`: the file by which the local stack moves time. Only beside an emulated Stripe on this
    /// machine.
    pub local_clock: Option<PathBuf>,
    /// `DATABASE_URL`
    pub database_url: Option<Secret>,
    /// `READER_DATABASE_URL`: what the functions with the login of readers have as `DATABASE_URL`. Only an
    /// operator's command asks for it by this name.
    pub reader_url: Option<Secret>,
    /// `READER_PRIMARY_DATABASE_URL`: the primary, if `DATABASE_URL` is a replica's. Of the functions, those
    /// with the login of readers look at it.
    pub primary_url: Option<Secret>,
    /// `DATABASE_CA`: PEM certificates to trust for the database instead of the public roots, or the path of
    /// a file of them.
    pub database_ca: Option<String>,
    /// `DATABASE_POOL_SIZE`, connections of one instance.
    pub database_pool_size: usize,
    /// `BASE_URL` (or `NEXT_PUBLIC_BASE_URL`): the frontend.
    pub base_url: Option<Url>,
    /// `ALLOWED_RETURN_ORIGINS`, comma-separated, besides the frontend's own.
    pub allowed_return_origins: Vec<Origin>,
    /// `SUPABASE_URL`, the project's own, without a slash at its end: who signs access tokens in, and
    /// publishes the keys for them.
    pub supabase_url: Option<String>,
    /// `SUPABASE_JWT_SECRET`: what a project that has not moved to signing keys signs its access tokens with.
    pub supabase_jwt_secret: Option<Secret>,
    /// `SUPABASE_JWKS`: the project's public keys as a JSON Web Key Set, so that none are fetched.
    pub supabase_jwks: Option<String>,
    /// `IDENTITY_SOURCE`
    pub identity_source: IdentitySource,
    /// `GRACE_DAYS`: how long a plan outlasts a failed payment.
    pub grace_days: i32,
    /// `TRIAL_DAYS`: an organization's first subscription begins with a trial. 0: none.
    pub trial_days: u32,
    /// `AUTOMATIC_TAX`
    pub automatic_tax: bool,
    /// `FOREIGN_SUBSCRIPTIONS`
    pub foreign_subscriptions: ForeignSubscriptions,
    /// `ENTITLEMENTS_CACHE_SECONDS`: how long an instance may answer the same user again from memory. 0: not
    /// at all.
    pub entitlements_cache_seconds: i64,
    /// `BILLING_SECRET_ARN`: the secret in AWS Secrets Manager that holds variables as one JSON object.
    pub secret_arn: Option<String>,
    /// `RUST_LOG`: log levels by target, `info` if unset.
    pub log_levels: Option<String>,
    /// What the probe asks.
    pub probe: Probe,
    /// Who is told when entitlements change.
    pub notify: Notify,
    /// `METRICS_NAMESPACE`: CloudWatch's namespace of the metrics. None: there are none.
    pub metrics_namespace: Option<String>,
    /// What is malformed, one sentence each.
    pub problems: Vec<String>,
}

impl Config {
    /// Reads the process environment.
    pub fn from_env() -> Self {
        Self::from_env_or(|_| None)
    }

    /// Reads the process environment, and elsewhere what is not set there.
    pub fn from_env_or(elsewhere: impl Fn(&str) -> Option<String>) -> Self {
        Self::from_lookup(|name| environment(name).or_else(|| elsewhere(name)))
    }

    /// Reads variables from anywhere, each [tidied]. An empty value counts as none.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let mut read = Reader::new(lookup);
        let stripe_api_base = read.parsed("STRIPE_API_BASE", "an http or https URL", http_url);
        let base = if read.text("BASE_URL").is_some() { "BASE_URL" } else { "NEXT_PUBLIC_BASE_URL" };
        let mut config = Self {
            stripe_key: read.told("STRIPE_SECRET_KEY", stripe::KEY, stripe::key),
            webhook_secrets: read.told_list(
                "STRIPE_WEBHOOK_SECRET",
                stripe::SIGNING_SECRET,
                stripe::signing_secret,
            ),
            stripe_api_base,
            local_clock: read.text("LOCAL_CLOCK").map(PathBuf::from),
            database_url: read.text("DATABASE_URL").map(Secret::new),
            reader_url: read.text("READER_DATABASE_URL").map(Secret::new),
            primary_url: read.text("READER_PRIMARY_DATABASE_URL").map(Secret::new),
            database_ca: read.text("DATABASE_CA"),
            database_pool_size: read
                .parsed("DATABASE_POOL_SIZE", "a number of connections from 1 to 100", |v| {
                    v.parse().ok().filter(|n| (1..=100).contains(n))
                })
                .unwrap_or(1),
            base_url: read.parsed(base, "an http or https URL", http_url),
            allowed_return_origins: Vec::new(),
            supabase_url: read.parsed(
                "SUPABASE_URL",
                "an https URL such as https://<project>.supabase.co (http only on this machine)",
                supabase::project,
            ),
            supabase_jwt_secret: read.told("SUPABASE_JWT_SECRET", supabase::JWT_SECRET, supabase::jwt_secret),
            supabase_jwks: read.told("SUPABASE_JWKS", supabase::KEY_SET, supabase::key_set),
            identity_source: read
                .parsed("IDENTITY_SOURCE", "access_token, authorizer or trusted_headers", |v| match v {
                    "access_token" => Some(IdentitySource::AccessToken),
                    "authorizer" => Some(IdentitySource::Authorizer),
                    "trusted_headers" => Some(IdentitySource::TrustedHeaders),
                    _ => None,
                })
                .unwrap_or_default(),
            grace_days: read
                .parsed("GRACE_DAYS", "a number of days from 0 to 365", |v| {
                    v.parse().ok().filter(|d| (0..=365).contains(d))
                })
                .unwrap_or(7),
            // 730: Stripe's own limit.
            trial_days: read
                .parsed("TRIAL_DAYS", "a number of days from 0 to 730", |v| {
                    v.parse().ok().filter(|d| *d <= 730)
                })
                .unwrap_or(0),
            automatic_tax: read.parsed("AUTOMATIC_TAX", "true or false", |v| v.parse().ok()).unwrap_or(false),
            foreign_subscriptions: read
                .parsed("FOREIGN_SUBSCRIPTIONS", "refuse or acknowledge", |v| match v {
                    "refuse" => Some(ForeignSubscriptions::Refuse),
                    "acknowledge" => Some(ForeignSubscriptions::Acknowledge),
                    _ => None,
                })
                .unwrap_or_default(),
            // 2: what is paid for has to show within five seconds.
            entitlements_cache_seconds: read
                .parsed("ENTITLEMENTS_CACHE_SECONDS", "a number of seconds from 0 to 2", |v| {
                    v.parse().ok().filter(|seconds| (0..=2).contains(seconds))
                })
                .unwrap_or(0),
            secret_arn: read.text("BILLING_SECRET_ARN"),
            log_levels: read.text("RUST_LOG"),
            metrics_namespace: read.text("METRICS_NAMESPACE"),
            probe: probe::read(&mut read),
            notify: notify::read(&mut read),
            problems: Vec::new(),
        };
        for origin in read.list("ALLOWED_RETURN_ORIGINS") {
            match http_url(&origin).as_ref().and_then(Origin::of) {
                Some(origin) => config.allowed_return_origins.push(origin),
                None => read.problems.push(
                    "ALLOWED_RETURN_ORIGINS must hold origins such as https://app.example.com".to_owned(),
                ),
            }
        }
        if config.local_clock.is_some() && !config.is_emulated_here() {
            read.problems.push(
                "LOCAL_CLOCK is for the local stack: it needs a STRIPE_API_BASE on this machine, and is \
                 refused with a live key"
                    .to_owned(),
            );
            config.local_clock = None;
        }
        if config.stripe_api_base.is_some() && config.stripe_key.as_ref().is_some_and(|key| key.livemode) {
            read.problems.push("STRIPE_API_BASE is for local use and is refused with a live key".to_owned());
            config.stripe_key = None;
        }
        config.problems = read.problems;
        config
    }

    /// Whether Stripe is the emulator of this machine.
    fn is_emulated_here(&self) -> bool {
        let is_live = self.stripe_key.as_ref().is_some_and(|key| key.livemode);
        let host = self.stripe_api_base.as_ref().and_then(Url::host_str);
        !is_live && host.is_some_and(is_this_machine)
    }

    /// What the pools of connections are made of.
    pub(crate) fn databases(&self) -> ([Option<&Secret>; 2], Option<&str>, usize) {
        let urls = [self.database_url.as_ref(), self.primary_url.as_ref()];
        (urls, self.database_ca.as_deref(), self.database_pool_size)
    }

    /// What access tokens are checked by, but for the secret: the project and its configured keys.
    pub(crate) fn project(&self) -> (Option<&str>, Option<&str>) {
        (self.supabase_url.as_deref(), self.supabase_jwks.as_deref())
    }

    /// The variables that a whole deployment needs and that are not there.
    pub fn missing(&self) -> Vec<&'static str> {
        [
            ("STRIPE_SECRET_KEY", self.stripe_key.is_none()),
            ("STRIPE_WEBHOOK_SECRET", self.webhook_secrets.is_empty()),
            ("DATABASE_URL", self.database_url.is_none()),
            ("BASE_URL", self.base_url.is_none()),
            (
                "SUPABASE_URL",
                self.supabase_url.is_none() && self.identity_source == IdentitySource::AccessToken,
            ),
        ]
        .into_iter()
        .filter_map(|(name, missing)| missing.then_some(name))
        .collect()
    }

    /// What is wrong with the variables of a whole deployment, one clause each. A malformed one is not told
    /// as missing, too.
    pub fn faults(&self) -> Vec<String> {
        let told = |name: &str| self.problems.iter().any(|problem| problem.split(' ').next() == Some(name));
        let missing = self.missing().into_iter().filter(|name| !told(name));
        missing.map(|name| format!("{name} is missing")).chain(self.problems.clone()).collect()
    }
}

fn http_url(value: &str) -> Option<Url> {
    Url::parse(value).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

#[cfg(test)]
mod tests;
