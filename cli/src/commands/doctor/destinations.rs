//! Where Stripe sends events: to an endpoint or a thin destination that is enabled and is sent all of ours,
//! and to no second one.

use serde::Deserialize;
use shared::stripe::event::{PROCESSED, thin_name};
use shared::stripe::{Error, Stripe, VERSION};
use stripe_misc::webhook_endpoint::ListWebhookEndpoint;
use url::Url;

use super::DoctorReport;
use crate::context;
use crate::destinations;

const ENDPOINT: &str = "webhook_endpoint";
const DESTINATIONS: &str = "event_destinations";

/// A webhook endpoint of API v1 or an event destination of API v2.
struct Source {
    id: String,
    url: Url,
    status: String,
    is_thin: bool,
    events: Vec<String>,
    /// Of its snapshot events. None: the account's.
    version: Option<String>,
}

impl Source {
    fn is_enabled(&self) -> bool {
        self.status == "enabled"
    }

    /// What Stripe calls an event of ours in its form.
    fn name(&self, kind: &str) -> String {
        if self.is_thin { thin_name(kind) } else { kind.to_owned() }
    }

    fn sends(&self, kind: &str) -> bool {
        let name = self.name(kind);
        self.events.iter().any(|sent| *sent == name || sent == "*")
    }

    fn lacks(&self) -> Vec<String> {
        PROCESSED.iter().filter(|kind| !self.sends(kind)).map(|kind| self.name(kind)).collect()
    }

    /// Whether its events are in the API version that the code is tested with. Thin ones have none.
    fn is_tested(&self) -> bool {
        self.is_thin || self.version.as_deref() == Some(VERSION.as_str())
    }

    fn form(&self) -> &'static str {
        if self.is_thin { "thin" } else { "snapshot" }
    }

    fn mend(&self) -> String {
        mend(if self.is_thin { " --thin" } else { "" })
    }
}

fn mend(option: &str) -> String {
    format!(
        "Run billing webhook-endpoint{option} --url with the webhook function's address (the output \
         WebhookUrl of the deployment)."
    )
}

pub(super) async fn check(stripe: &Stripe, url: Option<&Url>, report: &mut DoctorReport) {
    let endpoints = match endpoints(stripe).await {
        Ok(endpoints) => endpoints,
        Err(error) => return report.impossible(ENDPOINT, context::Error::from(error)),
    };
    let (others, untold) = match destinations(stripe, &endpoints).await {
        Ok(others) => (others, None),
        Err(error) => (Vec::new(), Some(error)),
    };
    let mut ours: Vec<Source> = endpoints
        .into_iter()
        .chain(others)
        .filter(|source| match url {
            Some(url) => source.url == *url,
            // One for another product on this account has none of our events.
            None => source.lacks().len() < PROCESSED.len(),
        })
        .collect();
    ours.sort_by_key(|source| (!source.is_enabled(), source.lacks().len(), !source.is_tested()));
    match ours.first() {
        Some(best) => judge(best, report),
        None => report.failing(ENDPOINT, "none is registered: no event comes", mend("")),
    }
    match untold {
        Some(error) => report.warning(
            DESTINATIONS,
            "could not be checked: only webhook endpoints were",
            context::Error::from(error).to_string(),
        ),
        None => count(&ours, report),
    }
}

async fn endpoints(stripe: &Stripe) -> Result<Vec<Source>, Error> {
    #[derive(Deserialize)]
    struct Endpoint {
        id: String,
        url: String,
        status: String,
        enabled_events: Vec<String>,
        api_version: Option<String>,
    }
    let all: Vec<Endpoint> = stripe.list(&ListWebhookEndpoint::new().limit(100)).await?;
    let source = |endpoint: Endpoint| {
        Some(Source {
            url: Url::parse(&endpoint.url).ok()?,
            id: endpoint.id,
            status: endpoint.status,
            is_thin: false,
            events: endpoint.enabled_events,
            version: endpoint.api_version,
        })
    };
    Ok(all.into_iter().filter_map(source).collect())
}

/// The event destinations, without those that are these endpoints.
async fn destinations(stripe: &Stripe, endpoints: &[Source]) -> Result<Vec<Source>, Error> {
    let all = destinations::list(stripe).await?.into_iter();
    let others = all.filter(|destination| endpoints.iter().all(|endpoint| endpoint.id != destination.id));
    let source = |destination: destinations::Destination| {
        Some(Source {
            url: destination.url()?,
            is_thin: destination.is_thin(),
            id: destination.id,
            status: destination.status,
            events: destination.enabled_events,
            version: destination.snapshot_api_version,
        })
    };
    Ok(others.filter_map(source).collect())
}

fn judge(best: &Source, report: &mut DoctorReport) {
    let lacks = best.lacks();
    if !best.is_enabled() {
        report.failing(ENDPOINT, format!("{} is {}: no event comes", best.url, best.status), best.mend());
    } else if !lacks.is_empty() {
        report.failing(ENDPOINT, format!("{} is not sent {}", best.url, lacks.join(", ")), best.mend());
    } else if best.is_thin {
        report.ok(ENDPOINT, format!("{} is enabled, with the {} thin events", best.url, PROCESSED.len()));
    } else if !best.is_tested() {
        let version = best.version.as_deref().unwrap_or("the account's default version");
        report.warning(
            ENDPOINT,
            format!("{} is sent events in {version}", best.url),
            format!("They are read, but {VERSION} is what is tested. {}", best.mend()),
        );
    } else {
        report.ok(ENDPOINT, format!("{} is enabled, with the {} events", best.url, PROCESSED.len()));
    }
}

/// Whether one address is sent an event by two of them.
fn count(ours: &[Source], report: &mut DoctorReport) {
    let enabled: Vec<&Source> = ours.iter().filter(|source| source.is_enabled()).collect();
    let twice = |url: &Url| {
        let to_it: Vec<&&Source> = enabled.iter().filter(|source| source.url == *url).collect();
        let events =
            PROCESSED.iter().filter(|kind| to_it.iter().filter(|source| source.sends(kind)).count() > 1);
        let ids: Vec<String> =
            to_it.iter().map(|source| format!("{} ({})", source.id, source.form())).collect();
        (events.count(), ids.join(" and "))
    };
    let mut urls: Vec<&Url> = enabled.iter().map(|source| &source.url).collect();
    urls.sort_unstable();
    urls.dedup();
    let found: Vec<String> = urls
        .into_iter()
        .map(|url| (url, twice(url)))
        .filter(|(_, (events, _))| *events > 0)
        .map(|(url, (events, ids))| format!("{url} is sent {events} of our events twice, by {ids}"))
        .collect();
    if found.is_empty() {
        report.ok(DESTINATIONS, "no event comes twice");
    } else {
        report.warning(
            DESTINATIONS,
            found.join("; "),
            "Each event is applied once, so this does no harm and costs a second call. Keep the one whose \
             signing secret the functions have, disable the other in the Dashboard (Developers, Webhooks), \
             and delete it when no event fails.",
        );
    }
}
