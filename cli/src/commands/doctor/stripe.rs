//! Stripe: reached, with our prices, our endpoint and a clock like ours.

use serde::Deserialize;
use shared::stripe::event::PROCESSED;
use shared::stripe::{Stripe, VERSION};
use stripe_misc::webhook_endpoint::ListWebhookEndpoint;
use url::Url;

use super::DoctorReport;
use crate::commands::{portal_configuration, products};
use crate::context::{self, Context};

/// By how much our clock and Stripe's may differ, in milliseconds: the order of events is decided by them
/// (docs/RELIABILITY.md).
const SKEW_MS: i64 = 1000;

/// False: Stripe does not answer, so there is nothing more to ask.
pub(super) async fn check(
    context: &Context,
    webhook_url: Option<&Url>,
    is_migrated: bool,
    report: &mut DoctorReport,
) -> bool {
    let stripe = match context.stripe() {
        Ok(stripe) => stripe,
        Err(error) => {
            report.impossible("stripe", error);
            return false;
        }
    };
    if let Err(error) = clock(context, stripe, report).await {
        report.impossible("stripe", context::Error::from(error));
        return false;
    }
    // The prices are those of the table plans.
    if is_migrated {
        prices(context, report).await;
        portal(context, report).await;
    }
    if let Err(error) = endpoint(stripe, webhook_url, report).await {
        report.impossible("webhook_endpoint", context::Error::from(error));
    }
    true
}

async fn clock(
    context: &Context,
    stripe: &Stripe,
    report: &mut DoctorReport,
) -> Result<(), shared::stripe::Error> {
    let before = context.clock.now().as_millisecond();
    let theirs = stripe.server_time().await?.as_millisecond();
    let after = context.clock.now().as_millisecond();
    report.ok("stripe", "it answers, and takes the key");
    // Stripe says whole seconds, and answered at some time between the two of ours.
    let skew = if after < theirs { after - theirs } else { (before - theirs - 999).max(0) };
    if skew.abs() > SKEW_MS {
        let side = if skew < 0 { "behind" } else { "ahead of" };
        report.failing(
            "clock",
            format!("{}.{:03} s {side} Stripe's", skew.abs() / 1000, skew.abs() % 1000),
            "Set this machine's clock by NTP. The functions' clocks are AWS's own: only a check from where \
             they run tells of those.",
        );
    } else {
        report.ok("clock", "within a second of Stripe's");
    }
    Ok(())
}

async fn prices(context: &Context, report: &mut DoctorReport) {
    let args = products::Args { dry_run: true };
    match products::run(args, context).await {
        Ok(products) if products.has_changes() => {
            let wrong = products.prices.iter().filter(|line| line.done != products::Done::Unchanged);
            let wrong: Vec<String> =
                wrong.map(|line| format!("{} would be {}", line.lookup_key, line.done)).collect();
            let found = if wrong.is_empty() {
                "a product is not as the table plans says".to_owned()
            } else {
                wrong.join(", ")
            };
            report.failing(
                "prices",
                found,
                "Run billing products --dry-run to see it, and billing products to mend it.",
            );
        }
        Ok(products) => match products.warnings.first() {
            Some(warning) => report.warning("prices", "there, with the right amounts", warning.as_str()),
            None => report.ok("prices", format!("{} there, with the right amounts", products.prices.len())),
        },
        Err(error) => report.impossible("prices", error),
    }
}

async fn portal(context: &Context, report: &mut DoctorReport) {
    let args = portal_configuration::Args { dry_run: true };
    match portal_configuration::run(args, context).await {
        Ok(portal) if portal.done == portal_configuration::Done::Unchanged => {
            report.ok("portal_configuration", "customers may do there what they should");
        }
        Ok(portal) => report.warning(
            "portal_configuration",
            match portal.changes.as_slice() {
                [] => "there is none of ours".to_owned(),
                changes => format!("differs in {}", changes.join(", ")),
            },
            "Run billing portal-configuration.",
        ),
        Err(error) => report.impossible("portal_configuration", error),
    }
}

#[derive(Deserialize)]
struct Endpoint {
    url: String,
    status: String,
    enabled_events: Vec<String>,
    api_version: Option<String>,
}

impl Endpoint {
    fn lacks(&self) -> Vec<&'static str> {
        let sent =
            |kind: &&&'static str| !self.enabled_events.iter().any(|sent| sent == **kind || sent == "*");
        PROCESSED.iter().filter(sent).copied().collect()
    }
}

async fn endpoint(
    stripe: &Stripe,
    url: Option<&Url>,
    report: &mut DoctorReport,
) -> Result<(), shared::stripe::Error> {
    const CHECK: &str = "webhook_endpoint";
    const MEND: &str = "Run billing webhook-endpoint --url with the webhook function's address (the output \
                        WebhookUrl of the deployment).";
    let all: Vec<Endpoint> = stripe.list(&ListWebhookEndpoint::new().limit(100)).await?;
    let mut ours: Vec<Endpoint> = all
        .into_iter()
        .filter(|endpoint| match url {
            Some(url) => Url::parse(&endpoint.url).is_ok_and(|its| its == *url),
            // One for another product on this account has none of our events.
            None => endpoint.lacks().len() < PROCESSED.len(),
        })
        .collect();
    ours.sort_by_key(|endpoint| (endpoint.status != "enabled", endpoint.lacks().len()));
    let Some(best) = ours.first() else {
        report.failing(CHECK, "none is registered: no event comes", MEND);
        return Ok(());
    };
    let lacks = best.lacks();
    if best.status != "enabled" {
        report.failing(CHECK, format!("{} is {}: no event comes", best.url, best.status), MEND);
    } else if !lacks.is_empty() {
        report.failing(CHECK, format!("{} is not sent {}", best.url, lacks.join(", ")), MEND);
    } else if best.api_version.as_deref() != Some(VERSION.as_str()) {
        let version = best.api_version.as_deref().unwrap_or("the account's default version");
        report.warning(
            CHECK,
            format!("{} is sent events in {version}", best.url),
            format!("They are read, but {VERSION} is what is tested. {MEND}"),
        );
    } else {
        report.ok(CHECK, format!("{} is enabled, with the {} events", best.url, PROCESSED.len()));
    }
    Ok(())
}
