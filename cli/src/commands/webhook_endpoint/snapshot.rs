//! A webhook endpoint of API v1: it is sent snapshot events, in the API version that it was created with.

use serde::Deserialize;
use shared::config::Secret;
use shared::stripe::event::PROCESSED;
use shared::stripe::wire::Metadata;
use shared::stripe::{self, IdempotencyKey, Stripe, VERSION};
use stripe_misc::webhook_endpoint::{
    CreateWebhookEndpoint, CreateWebhookEndpointEnabledEvents, ListWebhookEndpoint, RetrieveWebhookEndpoint,
    UpdateWebhookEndpoint, UpdateWebhookEndpointEnabledEvents,
};
use url::Url;

use super::{Done, Error, NAME, WebhookEndpointReport, other_endpoint, signing_secret, with_lacking};

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
    description: Option<String>,
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    secret: Option<String>,
}

/// Creates the endpoint of this address, or changes what differs. Answers the signing secret of a new one.
pub(super) async fn bring_up_to_date(
    stripe: &Stripe,
    url: &Url,
    report: &mut WebhookEndpointReport,
) -> Result<Option<Secret>, Error> {
    let all: Vec<Endpoint> = stripe.list(&ListWebhookEndpoint::new().limit(100)).await?;
    let (mut current, others): (Vec<_>, Vec<_>) = all
        .into_iter()
        .filter(|endpoint| Url::parse(&endpoint.url).is_ok_and(|its| its == *url))
        .partition(|endpoint| endpoint.api_version.as_deref() == Some(VERSION.as_str()));
    // Of several the one that is sent events, and of these the newest, whose secret was seen last.
    current.sort_by_key(|endpoint| (endpoint.status == "enabled", endpoint.created));
    let secret = match current.pop() {
        Some(endpoint) => {
            update(stripe, endpoint, report).await?;
            None
        }
        None => create(stripe, &others, report).await?,
    };
    for other in others.iter().chain(&current).filter(|other| other.status == "enabled") {
        let version = other.api_version.as_deref().unwrap_or("the account's default version");
        let what =
            format!("sends events to the same address in API version {version}, which Stripe cannot change");
        report.advice.push(other_endpoint(&other.id, &what, report.endpoint.is_some()));
    }
    Ok(secret)
}

async fn update(
    stripe: &Stripe,
    endpoint: Endpoint,
    report: &mut WebhookEndpointReport,
) -> Result<(), Error> {
    let mut request = UpdateWebhookEndpoint::new(endpoint.id.as_str());
    if let Some(events) = with_lacking(&endpoint.enabled_events, PROCESSED.iter().copied()) {
        let events = events.iter().filter_map(|kind| kind.parse().ok());
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
    others: &[Endpoint],
    report: &mut WebhookEndpointReport,
) -> Result<Option<Secret>, Error> {
    report.done = Done::Created;
    if report.dry_run {
        return Ok(None);
    }
    // What an operator set on the one that it takes the place of stays: Stripe cannot change its version.
    let replaced = others.iter().max_by_key(|other| (other.status == "enabled", other.created));
    let theirs = replaced.map_or(&[][..], |other| &other.enabled_events);
    let ours = PROCESSED.iter().copied();
    let events = with_lacking(theirs, ours).unwrap_or_else(|| theirs.to_vec());
    let events = events.iter().filter_map(|kind| kind.parse().ok());
    let description = replaced.and_then(|other| other.description.as_deref());
    let mut request = CreateWebhookEndpoint::new(
        events.collect::<Vec<CreateWebhookEndpointEnabledEvents>>(),
        report.url.as_str(),
    )
    .api_version(VERSION)
    .description(description.filter(|text| !text.is_empty()).unwrap_or(NAME));
    if let Some(other) = replaced.filter(|other| !other.metadata.0.is_empty()) {
        request = request.metadata(other.metadata.0.clone());
    }
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
    signing_secret(&created.id, created.secret.as_deref()).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_that_is_processed_is_one_that_stripe_knows() {
        for kind in PROCESSED {
            let known: CreateWebhookEndpointEnabledEvents = kind.parse().unwrap();
            assert!(!matches!(known, CreateWebhookEndpointEnabledEvents::Unknown(_)), "{kind}");
        }
        assert!(PROCESSED.is_sorted());
    }
}
