//! What was done to the endpoint, and the one time its signing secret is shown.

use std::fmt;

use serde::{Serialize, Serializer};
use shared::config::Secret;
use shared::stripe::VERSION;
use shared::stripe::event::PROCESSED;

use super::{Args, VARIABLE};
use crate::outcome;
pub use crate::outcome::Done;

/// The endpoint, and what is left to do.
#[derive(Clone, Debug, Serialize)]
pub struct WebhookEndpointReport {
    /// A dry run: nothing was changed.
    pub dry_run: bool,
    /// The mode of the key.
    pub livemode: bool,
    /// Its id. None: it would be created.
    pub endpoint: Option<String>,
    /// Where events are sent.
    pub url: String,
    /// They are thin events.
    pub thin: bool,
    /// The API version that they are in. None: thin events have none.
    pub api_version: Option<String>,
    /// What was done to it, or would be.
    pub done: Done,
    /// The fields that differed, by Stripe's names.
    pub changes: Vec<String>,
    /// The signing secret of a new endpoint, if it is not stored. It cannot be had again.
    #[serde(serialize_with = "expose", skip_serializing_if = "Option::is_none")]
    pub signing_secret: Option<Secret>,
    /// The signing secret is in the secret of BILLING_SECRET_ARN.
    pub stored: bool,
    /// Why it could not be stored.
    pub not_stored: Option<String>,
    /// What a person should do.
    pub advice: Vec<String>,
}

impl WebhookEndpointReport {
    /// Before anything is done.
    pub(super) fn new(args: &Args, livemode: bool) -> Self {
        Self {
            dry_run: args.dry_run,
            livemode,
            endpoint: None,
            url: args.url.to_string(),
            thin: args.thin,
            api_version: (!args.thin).then(|| VERSION.as_str().to_owned()),
            done: Done::Unchanged,
            changes: Vec::new(),
            signing_secret: None,
            stored: false,
            not_stored: None,
            advice: Vec::new(),
        }
    }
}

fn expose<S: Serializer>(secret: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(Secret::expose).serialize(serializer)
}

impl outcome::Report for WebhookEndpointReport {
    fn is_well(&self) -> bool {
        self.not_stored.is_none()
    }
}

impl fmt::Display for WebhookEndpointReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.endpoint.as_deref().unwrap_or("The endpoint");
        let would = if self.dry_run { "would be " } else { "" };
        match self.done {
            Done::Unchanged => writeln!(
                f,
                "{id} is up to date. Its signing secret was shown when it was made: if nobody has it, delete \
                 the endpoint at Stripe and run this again."
            )?,
            Done::Created => writeln!(f, "{id}: {would}created.")?,
            Done::Updated => writeln!(f, "{id}: {would}updated ({}).", self.changes.join(", "))?,
        }
        write!(f, "{} mode, ", if self.livemode { "live" } else { "test" })?;
        match &self.api_version {
            Some(version) => write!(f, "API version {version}, {} events", PROCESSED.len())?,
            None => write!(f, "{} thin events", PROCESSED.len())?,
        }
        writeln!(f, " to {}", self.url)?;
        if let Some(reason) = &self.not_stored {
            writeln!(f, "\n{reason}")?;
        }
        if let Some(secret) = &self.signing_secret {
            writeln!(
                f,
                "\n{}\nThis signing secret is shown only now. Put it into {VARIABLE}, in front of those that \
                 are there, separated by a comma.",
                secret.expose()
            )?;
        }
        if self.stored {
            writeln!(
                f,
                "Its signing secret stands first in {VARIABLE} of the secret of BILLING_SECRET_ARN."
            )?;
        }
        self.advice.iter().try_for_each(|advice| writeln!(f, "\n{advice}"))
    }
}
