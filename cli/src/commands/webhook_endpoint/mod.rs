//! `billing webhook-endpoint`: where Stripe sends events, which ones, in which form, and the secret it signs
//! them with.

mod report;
mod snapshot;
mod thin;

use shared::config::{Secret, is_this_machine};
use shared::stripe;
use url::Url;

use crate::context::{self, Context, Need};
use crate::outcome::{Code, Failure};
use crate::secrets::{self, Store};

pub use report::{Done, WebhookEndpointReport};

const VARIABLE: &str = "STRIPE_WEBHOOK_SECRET";
/// What it is called at Stripe.
const NAME: &str = "PromptForge Billing";

/// Creates the webhook endpoint in Stripe, or brings it up to date: its events, its API version, enabled.
/// Events that it is sent besides ours stay, and so do its description and metadata.
///
/// The endpoint is found by its URL. Stripe shows the signing secret only when it is created: it is printed
/// once, or with --store put into the secret of BILLING_SECRET_ARN, in front of those that are there, so that
/// events signed with either are accepted.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  billing webhook-endpoint --url https://abc.lambda-url.eu-central-1.on.aws/ --dry-run
  billing webhook-endpoint --url https://abc.lambda-url.eu-central-1.on.aws/
  billing webhook-endpoint --url https://abc.lambda-url.eu-central-1.on.aws/ --thin
  BILLING_SECRET_ARN=arn:aws:secretsmanager:... billing webhook-endpoint --url https://... --store")]
pub struct Args {
    /// The webhook function's address. https, unless it is this machine.
    #[arg(long, value_parser = endpoint_url)]
    pub url: Url,
    /// Thin events: an event destination of Stripe's API v2, whose events have no API version.
    #[arg(long)]
    pub thin: bool,
    /// Put a new signing secret into the secret of BILLING_SECRET_ARN and do not print it.
    #[arg(long)]
    pub store: bool,
    /// Only say what would be done.
    #[arg(long)]
    pub dry_run: bool,
}

/// Why the endpoint is not up to date: a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No configuration, no Stripe.
    #[error(transparent)]
    Context(#[from] context::Error),
    /// The secret cannot be read, so nothing was begun.
    #[error(transparent)]
    Secret(#[from] secrets::Error),
    /// An answer without what only that answer has.
    #[error(
        "Stripe created the endpoint {0} and did not say its signing secret. Reveal it in the Dashboard, \
         Developers, Webhooks."
    )]
    NoSecret(String),
}

impl From<stripe::Error> for Error {
    fn from(error: stripe::Error) -> Self {
        Self::Context(error.into())
    }
}

impl Failure for Error {
    fn code(&self) -> Code {
        match self {
            Self::Context(error) => error.code(),
            Self::Secret(error) => error.code(),
            Self::NoSecret(_) => Code::Failed,
        }
    }
}

/// Brings the endpoint up to date.
///
/// # Errors
/// See [`Error`]. A new signing secret that cannot be stored is in the report, because it is nowhere else.
pub async fn run(args: Args, context: &Context) -> Result<WebhookEndpointReport, Error> {
    let needs = [Need::Stripe, Need::Secret];
    context.require(if args.store { &needs } else { &needs[..1] })?;
    let stripe = context.stripe()?;
    let store = match context.config.secret_arn.as_deref().filter(|_| args.store) {
        Some(arn) => Some(Store::open(arn).await),
        None => None,
    };
    if let Some(store) = &store {
        // What cannot even be read is found out before there is a secret to lose.
        store.read().await?;
    }
    let mut report = WebhookEndpointReport::new(&args, stripe.livemode());
    let created = match args.thin {
        true => thin::bring_up_to_date(stripe, &args.url, &mut report).await?,
        false => snapshot::bring_up_to_date(stripe, &args.url, &mut report).await?,
    };
    match (created, store) {
        (Some(secret), Some(store)) => match store.put_in_front(VARIABLE, &secret).await {
            Ok(()) => report.stored = true,
            Err(error) => {
                report.not_stored = Some(error.to_string());
                report.signing_secret = Some(secret);
            }
        },
        (Some(secret), None) => report.signing_secret = Some(secret),
        (None, Some(_)) if report.done != Done::Created => report.advice.push(format!(
            "There was nothing to store: Stripe's API shows a signing secret only when the endpoint is \
             created. If {VARIABLE} lacks it, take it from the Dashboard (Developers, Webhooks)."
        )),
        (None, _) => {}
    }
    Ok(report)
}

/// The events that an endpoint is to be sent: those it is sent already, whoever wanted them, and ours. In
/// order. None: it lacks none of ours.
fn with_lacking<'a>(has: &[String], ours: impl Iterator<Item = &'a str>) -> Option<Vec<String>> {
    let sent = |kind: &&str| !has.iter().any(|sent| sent == kind || sent == "*");
    let lacking: Vec<String> = ours.filter(sent).map(str::to_owned).collect();
    if lacking.is_empty() {
        return None;
    }
    let mut events = [has, &lacking].concat();
    events.sort_unstable();
    events.dedup();
    Some(events)
}

/// The signing secret of a new endpoint: no other answer has it.
fn signing_secret(id: &str, secret: Option<&str>) -> Result<Secret, Error> {
    secret.map(Secret::new).ok_or_else(|| Error::NoSecret(id.to_owned()))
}

/// What to do about another endpoint of the same address, which does `what`. Until then every event comes
/// twice, which does no harm.
fn other_endpoint(id: &str, what: &str, is_replaced: bool) -> String {
    let first = if is_replaced {
        format!("Once {VARIABLE} has the signing secrets of both and the functions have read it")
    } else {
        "Once the new endpoint's signing secret is in use".to_owned()
    };
    format!(
        "The endpoint {id} {what}. {first}, disable it in the Dashboard (Developers, Webhooks), and delete \
         it when no event fails."
    )
}

/// Reads an address that Stripe can send events to.
fn endpoint_url(text: &str) -> Result<Url, String> {
    let url =
        Url::parse(text).map_err(|error| format!("{error}: give the whole address, such as https://..."))?;
    let is_local = url.host_str().is_some_and(is_this_machine);
    match url.scheme() {
        "https" if url.host().is_some() => Ok(url),
        "http" if is_local => Ok(url),
        _ => Err("Stripe sends events to https addresses only".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_unless_it_is_this_machine() {
        for good in
            ["https://a.example/hook", "http://localhost:3000/x", "http://127.0.0.1:1/", "http://[::1]/"]
        {
            assert!(endpoint_url(good).is_ok(), "{good}");
        }
        for bad in ["http://a.example/", "ftp://localhost/", "a.example", "https://", ""] {
            assert!(endpoint_url(bad).is_err(), "{bad}");
        }
    }
}
