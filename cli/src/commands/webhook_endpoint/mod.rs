//! `billing webhook-endpoint`: where Stripe sends events, which ones, and the secret it signs them with.

mod report;

use serde::Deserialize;
use shared::config::{Secret, is_this_machine};
use shared::stripe::event::PROCESSED;
use shared::stripe::{self, IdempotencyKey, Stripe, VERSION};
use stripe_misc::webhook_endpoint::{
    CreateWebhookEndpoint, CreateWebhookEndpointEnabledEvents, ListWebhookEndpoint, RetrieveWebhookEndpoint,
    UpdateWebhookEndpoint, UpdateWebhookEndpointEnabledEvents,
};
use url::Url;

use crate::context::{self, Context, Need};
use crate::outcome::{Code, Failure};
use crate::secrets::{self, Store};

pub use report::{Done, WebhookEndpointReport};

const VARIABLE: &str = "STRIPE_WEBHOOK_SECRET";

/// Creates the webhook endpoint in Stripe, or brings it up to date: its events, its API version, enabled.
///
/// The endpoint is found by its URL. Stripe shows the signing secret only when it is created: it is printed
/// once, or with --store put into the secret of BILLING_SECRET_ARN, in front of those that are there, so that
/// events signed with either are accepted.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  billing webhook-endpoint --url https://abc.lambda-url.eu-central-1.on.aws/ --dry-run
  billing webhook-endpoint --url https://abc.lambda-url.eu-central-1.on.aws/
  BILLING_SECRET_ARN=arn:aws:secretsmanager:... billing webhook-endpoint --url https://... --store")]
pub struct Args {
    /// The webhook function's address. https, unless it is this machine.
    #[arg(long, value_parser = endpoint_url)]
    pub url: Url,
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

/// A webhook endpoint (Stripe API, "The Webhook Endpoint object"), as far as it matters here.
#[derive(Debug, Deserialize)]
struct Endpoint {
    id: String,
    url: String,
    status: String,
    enabled_events: Vec<String>,
    api_version: Option<String>,
    created: i64,
    #[serde(default)]
    secret: Option<String>,
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
    let all: Vec<Endpoint> = stripe.list(&ListWebhookEndpoint::new().limit(100)).await?;
    let (mut current, others): (Vec<_>, Vec<_>) = all
        .into_iter()
        .filter(|endpoint| Url::parse(&endpoint.url).is_ok_and(|url| url == args.url))
        .partition(|endpoint| endpoint.api_version.as_deref() == Some(VERSION.as_str()));
    // Of several the one that is sent events, and of these the newest, whose secret was seen last.
    current.sort_by_key(|endpoint| (endpoint.status == "enabled", endpoint.created));
    let mut report = WebhookEndpointReport {
        dry_run: args.dry_run,
        livemode: stripe.livemode(),
        endpoint: None,
        url: args.url.to_string(),
        api_version: VERSION.as_str().to_owned(),
        done: Done::Unchanged,
        changes: Vec::new(),
        signing_secret: None,
        stored: false,
        not_stored: None,
        advice: Vec::new(),
    };
    match current.pop() {
        Some(endpoint) => {
            update(stripe, endpoint, &mut report).await?;
            if store.is_some() {
                report.advice.push(format!(
                    "There was nothing to store: Stripe's API shows a signing secret only when the endpoint \
                     is created. If {VARIABLE} lacks it, take it from the Dashboard (Developers, Webhooks)."
                ));
            }
        }
        None => create(stripe, store.as_ref(), &others, &mut report).await?,
    }
    let others = others.iter().chain(&current).filter(|other| other.status == "enabled");
    report.advice.extend(others.map(|other| outdated(other, report.endpoint.is_some())));
    Ok(report)
}

async fn update(
    stripe: &Stripe,
    endpoint: Endpoint,
    report: &mut WebhookEndpointReport,
) -> Result<(), Error> {
    let mut request = UpdateWebhookEndpoint::new(endpoint.id.as_str());
    let mut has: Vec<&str> = endpoint.enabled_events.iter().map(String::as_str).collect();
    has.sort_unstable();
    has.dedup();
    if has != PROCESSED {
        let events = PROCESSED.iter().filter_map(|kind| kind.parse().ok());
        request = request.enabled_events(events.collect::<Vec<UpdateWebhookEndpointEnabledEvents>>());
        report.changes.push("enabled_events".to_owned());
    }
    if endpoint.status != "enabled" {
        request = request.disabled(false);
        report.changes.push("status".to_owned());
    }
    if !report.changes.is_empty() {
        report.done = Done::Updated;
        if !report.dry_run {
            let _: Endpoint = stripe.post(&request, &IdempotencyKey::unique()).await?;
        }
    }
    report.endpoint = Some(endpoint.id);
    Ok(())
}

async fn create(
    stripe: &Stripe,
    store: Option<&Store>,
    others: &[Endpoint],
    report: &mut WebhookEndpointReport,
) -> Result<(), Error> {
    report.done = Done::Created;
    if report.dry_run {
        return Ok(());
    }
    let events = PROCESSED.iter().filter_map(|kind| kind.parse().ok());
    let request = CreateWebhookEndpoint::new(
        events.collect::<Vec<CreateWebhookEndpointEnabledEvents>>(),
        report.url.as_str(),
    )
    .api_version(VERSION)
    .description("PromptForge Billing");
    // Two runs at once make one endpoint, and both learn its secret.
    let besides: Vec<&str> = others.iter().map(|other| other.id.as_str()).collect();
    let what = format!("create the webhook endpoint besides {}", besides.join(","));
    let mut created: Endpoint = stripe.post(&request, &IdempotencyKey::for_request(&what, &request)).await?;
    let now: Result<Endpoint, _> = stripe.get(&RetrieveWebhookEndpoint::new(created.id.as_str())).await;
    if matches!(now, Err(stripe::Error::Refused { status: 404, .. })) {
        // Stripe repeats its answer to a key for a day, even if the endpoint was deleted since.
        created = stripe.post(&request, &IdempotencyKey::unique()).await?;
    }
    report.endpoint = Some(created.id.clone());
    let secret = Secret::new(created.secret.ok_or(Error::NoSecret(created.id))?);
    match store {
        Some(store) => match store.put_in_front(VARIABLE, &secret).await {
            Ok(()) => report.stored = true,
            Err(error) => {
                report.not_stored = Some(error.to_string());
                report.signing_secret = Some(secret);
            }
        },
        None => report.signing_secret = Some(secret),
    }
    Ok(())
}

/// What to do about another endpoint of the same address. Until then every event comes twice, which does no
/// harm.
fn outdated(other: &Endpoint, is_replaced: bool) -> String {
    let version = other.api_version.as_deref().unwrap_or("the account's default version");
    let first = if is_replaced {
        format!("Once {VARIABLE} has the signing secrets of both and the functions have read it")
    } else {
        "Once the new endpoint's signing secret is in use".to_owned()
    };
    format!(
        "The endpoint {} sends events to the same address in API version {version}, which Stripe cannot \
         change. {first}, disable it in the Dashboard (Developers, Webhooks), and delete it when no event \
         fails.",
        other.id
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

    #[test]
    fn every_event_that_is_processed_is_one_that_stripe_knows() {
        for kind in PROCESSED {
            let known: CreateWebhookEndpointEnabledEvents = kind.parse().unwrap();
            assert!(!matches!(known, CreateWebhookEndpointEnabledEvents::Unknown(_)), "{kind}");
        }
        assert!(PROCESSED.is_sorted());
    }
}
