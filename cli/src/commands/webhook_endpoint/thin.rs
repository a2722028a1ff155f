//! An event destination of API v2: it is sent thin events, which have no API version.

use serde_json::{Value, json};
use shared::config::Secret;
use shared::stripe::event::{PROCESSED, thin_name};
use shared::stripe::{self, IdempotencyKey, Stripe};
use url::Url;

use super::{Done, Error, NAME, WebhookEndpointReport, other_endpoint, signing_secret, with_lacking};
use crate::destinations::{self, Destination, PATH};

/// Creates the destination of this address, or changes what differs. Answers the signing secret of a new one.
pub(super) async fn bring_up_to_date(
    stripe: &Stripe,
    url: &Url,
    report: &mut WebhookEndpointReport,
) -> Result<Option<Secret>, Error> {
    let all = destinations::list(stripe).await?.into_iter();
    let (mut current, others): (Vec<_>, Vec<_>) =
        all.filter(|destination| destination.url().as_ref() == Some(url)).partition(Destination::is_thin);
    // Of several the one that is sent events, and of these the newest, whose secret was seen last.
    current.sort_by_key(|destination| (destination.is_enabled(), destination.created.clone()));
    let secret = match current.pop() {
        Some(destination) => {
            update(stripe, destination, report).await?;
            None
        }
        None => create(stripe, report).await?,
    };
    for other in others.iter().chain(&current).filter(|other| other.is_enabled()) {
        let form = if other.is_thin() { "thin" } else { "snapshot" };
        let what = format!("sends {form} events to the same address, and no event is applied twice");
        report.advice.push(other_endpoint(&other.id, &what, report.endpoint.is_some()));
    }
    Ok(secret)
}

fn wanted() -> Vec<String> {
    PROCESSED.iter().map(|kind| thin_name(kind)).collect()
}

async fn update(
    stripe: &Stripe,
    destination: Destination,
    report: &mut WebhookEndpointReport,
) -> Result<(), Error> {
    let mut calls: Vec<(&str, Value)> = Vec::new();
    if let Some(events) = with_lacking(&destination.enabled_events, wanted().iter().map(String::as_str)) {
        report.changes.push("enabled_events".to_owned());
        calls.push(("", json!({ "enabled_events": events })));
    }
    if !destination.is_enabled() {
        report.changes.push("status".to_owned());
        calls.push(("/enable", json!({})));
    }
    if !calls.is_empty() {
        report.done = Done::Updated;
    }
    for (act, body) in calls.iter().filter(|_| !report.dry_run) {
        let path = format!("{PATH}/{}{act}", destination.id);
        let _: Destination = stripe.post_v2(&path, body, &IdempotencyKey::unique()).await?;
    }
    report.endpoint = Some(destination.id);
    Ok(())
}

async fn create(stripe: &Stripe, report: &mut WebhookEndpointReport) -> Result<Option<Secret>, Error> {
    report.done = Done::Created;
    if report.dry_run {
        return Ok(None);
    }
    let body = json!({
        "name": NAME,
        "type": "webhook_endpoint",
        "event_payload": "thin",
        "enabled_events": wanted(),
        "webhook_endpoint": { "url": report.url },
        "include": ["webhook_endpoint.signing_secret"],
    });
    // Two runs at once make one destination, and both learn its secret.
    let key = IdempotencyKey::for_text("create the event destination", &body.to_string());
    let mut created: Destination = stripe.post_v2(PATH, &body, &key).await?;
    let now: Result<Destination, _> = stripe.get_v2(&format!("{PATH}/{}", created.id)).await;
    if matches!(now, Err(stripe::Error::Refused { status: 404, .. })) {
        // Stripe repeats its answer to a key for a while, even if the destination was deleted since.
        created = stripe.post_v2(PATH, &body, &IdempotencyKey::unique()).await?;
    }
    report.endpoint = Some(created.id.clone());
    signing_secret(&created.id, created.signing_secret()).map(Some)
}
