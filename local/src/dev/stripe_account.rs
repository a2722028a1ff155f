//! The Stripe that the stack talks to: our emulator, or Stripe itself if a test key is in the environment.

use std::io::ErrorKind;
use std::path::PathBuf;

use serde_json::{Value, json};
use shared::config::{Config, Secret, StripeKey};
use shared::stripe::{Stripe, VERSION, event};
use stripe_emulator::{Emulator, Options};

use crate::problem::Problem;

/// An account that is ready to be used.
pub struct StripeAccount {
    /// Its secret key.
    pub key: StripeKey,
    /// What its events are signed with. Empty: not known yet.
    pub webhook_secret: String,
    /// None: Stripe itself.
    pub emulator: Option<Emulator>,
}

/// Has the emulator send the events that we process to this address. Answers their signing secret.
fn register(emulator: &Emulator, url: &str, thin: bool) -> stripe_emulator::Answer {
    if thin {
        let events: Vec<String> = event::PROCESSED.iter().map(|kind| event::thin_name(kind)).collect();
        let destination = json!({
            "name": "cargo dev", "type": "webhook_endpoint", "event_payload": "thin",
            "enabled_events": events, "webhook_endpoint": { "url": url },
            "include": ["webhook_endpoint.signing_secret"],
        });
        let created = emulator.call("POST", "/v2/core/event_destinations", &destination)?;
        return Ok(created["webhook_endpoint"]["signing_secret"].clone());
    }
    let endpoint = json!({ "url": url, "enabled_events": event::PROCESSED, "api_version": VERSION.as_str() });
    let mut created: Value = emulator.call("POST", "/v1/webhook_endpoints", &endpoint)?;
    Ok(created["secret"].take())
}

impl StripeAccount {
    /// Stripe itself with the environment's test key, or an emulator on `port` that sends its events to
    /// `webhook_url`, as thin events or not, and keeps its state in `state_file`.
    ///
    /// # Errors
    /// If the key is one of live mode or malformed, its signing secret is none, or the port is taken.
    pub async fn open(
        port: u16,
        webhook_url: &str,
        thin: bool,
        state_file: PathBuf,
    ) -> Result<Self, Problem> {
        let config = Config::from_env();
        if let Some(problem) = config.problems.iter().find(|problem| problem.starts_with("STRIPE_SECRET_KEY"))
        {
            return Err(Problem::new(format!("{problem}. Unset it to use the emulator.")));
        }
        match config.stripe_key {
            Some(key) if key.livemode => Err(Problem::new(
                "STRIPE_SECRET_KEY is a live key, which never belongs on a developer's machine. Unset it, or \
                 use a test key.",
            )),
            Some(key) => {
                let about_signing = |problem: &&String| problem.starts_with("STRIPE_WEBHOOK_SECRET");
                if let Some(problem) = config.problems.iter().find(about_signing) {
                    return Err(Problem::new(format!("{problem}.")));
                }
                let secrets: Vec<_> = config.webhook_secrets.iter().map(Secret::expose).collect();
                Ok(Self { key, webhook_secret: secrets.join(","), emulator: None })
            }
            None => Self::emulate(port, webhook_url, thin, Some(state_file)).await,
        }
    }

    /// An emulator, whatever the environment holds. Without a `state_file` it begins anew.
    ///
    /// # Errors
    /// If the port is taken, or the state file cannot be used.
    pub async fn emulate(
        port: u16,
        webhook_url: &str,
        thin: bool,
        state_file: Option<PathBuf>,
    ) -> Result<Self, Problem> {
        let options = Options { port, state_file, ..Options::default() };
        let emulator = Emulator::start(options).await.map_err(|error| {
            Problem::new(match error.kind() {
                ErrorKind::AddrInUse => format!(
                    "Port {port}, which the Stripe emulator should get, cannot be used: {error}. Choose \
                     others with --port."
                ),
                ErrorKind::InvalidData => format!("{error} With cargo dev --fresh everything begins anew."),
                _ => format!("The Stripe emulator does not start: {error}"),
            })
        })?;
        let webhook_secret = register(&emulator, webhook_url, thin)
            .map_err(|error| Problem::new(format!("The emulator refused the webhook endpoint: {error:?}.")))?
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let key = StripeKey { secret: Secret::new(emulator.secret_key()), livemode: false };
        Ok(Self { key, webhook_secret, emulator: Some(emulator) })
    }

    /// Where its API is.
    pub fn api_base(&self) -> String {
        self.emulator.as_ref().map_or_else(|| "https://api.stripe.com".to_owned(), Emulator::url)
    }

    /// A client for it.
    ///
    /// # Errors
    /// If its address is none.
    pub fn client(&self) -> Result<Stripe, Problem> {
        let base = self
            .api_base()
            .parse()
            .map_err(|error| Problem::new(format!("The address of Stripe's API is none: {error}.")))?;
        Ok(Stripe::new(self.key.clone(), Some(&base)))
    }
}
