//! Keeping events that cannot be worked on at all, so that none is lost without a word: one that cannot be
//! read, and one that comes while there is no secret to check it by. What is kept is what identifies them.

use std::time::Instant;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::billing::Resources;
use crate::db::kept_events::{self, Kept};
use crate::deadline;
use crate::error::{Error, with_sources};
use crate::stripe::event::{self, Unreadable};
use crate::telemetry::metrics::{self, WebhookEvent};

use super::apply_event::TO_ANSWER;

/// The reason of an event that came while there was no signing secret.
const NO_SECRET: &str = "no_signing_secret";
/// How many characters of a type are kept: Stripe's are shorter.
const LONGEST_KIND: usize = 100;

/// Keeps a signed body that is no event, and tells why it is none.
pub async fn unreadable(
    resources: &Resources<'_>,
    body: &[u8],
    problem: Unreadable,
    arrived: Instant,
) -> Error {
    let error = Error::from(problem);
    let kept = identify(resources, body).unwrap_or_else(|| nameless(resources, body));
    tracing::error!(target: "billing", event = kept.id, cause = %error, "an event cannot be read");
    keep(resources, &kept, error.code(), true).await;
    metrics::unreadable_event();
    metrics::event(WebhookEvent {
        kind: "other",
        outcome: error.code(),
        failed: true,
        age_seconds: None,
        milliseconds: arrived.elapsed().as_secs_f64() * 1000.0,
    });
    error
}

/// Keeps the id of an event that nobody can check, because there is no signing secret. The reconciliation
/// asks Stripe for it: what Stripe does not know was never one.
pub async fn unverified(resources: &Resources<'_>, body: &[u8]) {
    metrics::no_signing_secret();
    tracing::error!(target: "billing", "an event cannot be checked: STRIPE_WEBHOOK_SECRET is missing");
    let Some(kept) = identify(resources, body) else { return };
    let is_of_our_mode = resources.stripe().is_ok_and(|stripe| stripe.livemode() == kept.livemode);
    if kept.created.is_some() && is_of_our_mode {
        keep(resources, &kept, NO_SECRET, false).await;
    }
}

async fn keep(resources: &Resources<'_>, kept: &Kept, reason: &str, signed: bool) {
    let keeping =
        async { kept_events::keep(resources.db()?, kept, reason, signed).await.map_err(Error::from) };
    if let Err(error) = deadline::hold(TO_ANSWER, Box::pin(keeping)).await {
        let cause = with_sources(&error);
        tracing::error!(target: "billing", event = kept.id, cause, "an event could not be kept");
    }
}

/// What identifies an event that may lack anything else. None: it has no id of Stripe's.
fn identify(resources: &Resources<'_>, body: &[u8]) -> Option<Kept> {
    // What follows the first value is passed over, as where events are read.
    let value = serde_json::Deserializer::from_slice(body).into_iter::<Value>().next()?.ok()?;
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let is_id = |id: &&str| {
        let rest = id.strip_prefix("evt_").unwrap_or_default();
        (1..=250).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    // A thin event is the same as the one that it stands for.
    let id = text("snapshot_event").filter(is_id).or(text("id").filter(is_id))?;
    Some(Kept {
        id: id.to_owned(),
        kind: kind(text("type").unwrap_or_default()),
        created: value.get("created").and_then(event::second_of),
        livemode: value.get("livemode").and_then(Value::as_bool).unwrap_or_else(|| livemode(resources)),
    })
}

/// A body without an id: its digest is the same when it comes again.
fn nameless(resources: &Resources<'_>, body: &[u8]) -> Kept {
    let digest = hex::encode(Sha256::digest(body));
    let id = format!("unreadable_{}", digest.get(..32).unwrap_or_default());
    Kept { id, kind: kind(""), created: None, livemode: livemode(resources) }
}

fn kind(text: &str) -> String {
    let kind: String = text
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_'))
        .take(LONGEST_KIND)
        .collect();
    if kind.is_empty() { "unreadable".to_owned() } else { kind }
}

fn livemode(resources: &Resources<'_>) -> bool {
    resources.stripe().is_ok_and(|stripe| stripe.livemode())
}
